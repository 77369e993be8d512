//! Many names that nobody knows, among many that look like them.

use crate::kit::newest;

#[test]
fn not_every_wrong_name_gets_a_guess() {
    for wrong in [
        "properties: {value: {get_attr: [sever_@, value]}}",
        "properties: {value: {get_param: sever_@}}",
        "depends_on: sever_@",
    ] {
        let resources: String = (0..2_000)
            .map(|at| {
                format!("  server_{at}: {{type: Test::Any, {}}}\n", wrong.replace('@', &at.to_string()))
            })
            .collect();
        let parameters: String =
            (0..2_000).map(|at| format!("  server_{at}_: {{type: string, default: a}}\n")).collect();
        let judged = newest(&format!("parameters:\n{parameters}resources:\n{resources}")).judged();
        let errors = judged.found.iter().filter(|found| found.error).count();
        let guesses = judged.guesses();
        assert_eq!(errors, 2_000, "{wrong}");
        assert!((100..1_000).contains(&guesses), "{guesses} {wrong}");
    }
}
