//! Parameters that every template has.

use crate::dialect::Family;

/// What the pseudo parameters tell about the stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PseudoParameters {
    /// `OS::stack_name`, `AWS::StackName`.
    pub stack_name: String,
    /// `OS::stack_id` and the end of `AWS::StackId`; `None` while the stack is not stored yet.
    pub stack_id: Option<String>,
    /// `OS::project_id`.
    pub project_id: String,
}

impl PseudoParameters {
    /// The names with their values in a family of dialects.
    ///
    /// `OS::stack_id` is the text `None` before the stack is stored, as in Heat; `AWS::Region` is Heat's fixed answer.
    pub fn values(&self, family: Family) -> Vec<(&'static str, String)> {
        let id = self.stack_id.clone().unwrap_or_else(|| "None".to_owned());
        let mut values = match family {
            Family::Hot => vec![("OS::stack_id", id), ("OS::project_id", self.project_id.clone())],
            Family::Cfn => {
                let arn = format!("arn:openstack:heat::{}:stacks/{}/{id}", self.project_id, self.stack_name);
                vec![("AWS::StackId", arn)]
            }
        };
        if !self.stack_name.is_empty() {
            match family {
                Family::Hot => values.push(("OS::stack_name", self.stack_name.clone())),
                Family::Cfn => {
                    values.push(("AWS::StackName", self.stack_name.clone()));
                    values.push(("AWS::Region", "ap-southeast-1".to_owned()));
                }
            }
        }
        values
    }
}
