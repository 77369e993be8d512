//! What a Heat resource plugin is: typed resources, schemas, failures, and a conformance test kit
