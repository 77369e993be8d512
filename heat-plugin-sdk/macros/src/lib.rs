//! The derive macros of heat-plugin-sdk: Properties and Attributes.
