//! Checks both sides of CourseKey's HTTP against `plugin/coursekey.openapi.yaml`, which the two sides share instead
//! of types: the requests of the plugin (`plugin`) and the answers of the simulated CourseKey (`simulator`). The
//! tests in this file check the contract itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_raw_string_hashes
)]

mod contract;
mod held;
mod plugin;
mod recorder;
mod school;
mod simulator;

use contract::Contract;
use serde_json::Value;

#[test]
fn every_item_of_the_contract_is_described_and_says_whether_it_is_a_fact() {
    let contract = Contract::read();
    let kinds = ["schemas", "parameters", "headers", "responses", "securitySchemes"];
    let components = kinds.iter().flat_map(|kind| {
        let items = contract.document["components"][kind].as_object().unwrap();
        items.iter().map(move |(name, item)| (format!("{kind}/{name}"), item, "description"))
    });
    let operations = contract.operations().map(|(path, method, item)| (format!("{method} {path}"), item, "summary"));
    let push = [("push".to_owned(), contract.push(), "summary")];
    for (name, item, text) in components.chain(operations).chain(push) {
        let says = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        assert!(matches!(says("x-source"), "fact" | "assumption"), "{name}: x-source");
        assert!(says("x-source-note").len() > 10, "{name}: x-source-note");
        assert!(says(text).len() > 5, "{name}: {text}");
    }
}

#[test]
fn requests_allow_no_key_that_is_not_described() {
    fn assert_closed(contract: &Contract, schema: &Value, name: &str) {
        let schema = contract.resolve(schema);
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.for_each(|(name, property)| assert_closed(contract, property, name));
        schema["oneOf"].as_array().into_iter().flatten().for_each(|form| assert_closed(contract, form, name));
        if let Some(items) = schema.get("items") {
            assert_closed(contract, items, name);
        }
    }
    let contract = Contract::read();
    let writes = contract.operations().filter(|(_, _, operation)| operation.get("requestBody").is_some());
    let mut count = 0;
    for (path, _, operation) in writes {
        count += 1;
        assert_closed(&contract, &operation["requestBody"]["content"]["application/json"]["schema"], path);
    }
    assert_eq!(count, 4);
}
