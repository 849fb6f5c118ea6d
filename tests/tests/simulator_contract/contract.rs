//! Reads `plugin/coursekey.openapi.yaml` and holds requests and answers to it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bytes::Bytes;
use http::{Method, Request, Response};
use jsonschema::Validator;
use serde_json::{Value, json};

const TEXT: &str = include_str!("../../../plugin/coursekey.openapi.yaml");

/// The contract, and which of its answers have been seen.
pub(crate) struct Contract {
    pub(crate) document: Value,
    validators: RefCell<BTreeMap<String, Rc<Validator>>>,
    pub(crate) seen: RefCell<BTreeSet<(String, String)>>,
}

impl Contract {
    pub(crate) fn read() -> Self {
        let document = serde_saphyr::from_str(TEXT).expect("the contract is YAML");
        Self { document, validators: RefCell::default(), seen: RefCell::default() }
    }

    /// Every operation: its path, method and description.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, Method, &Value)> {
        let paths = self.document["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            let methods = ["get", "put"].into_iter().filter_map(|name| Some((name, item.get(name)?)));
            methods.map(|(name, operation)| {
                (path.as_str(), Method::from_bytes(name.to_uppercase().as_bytes()).unwrap(), operation)
            })
        })
    }

    /// Every answer the contract documents, as operation and status.
    pub(crate) fn documented(&self) -> BTreeSet<(String, String)> {
        let answers = |operation: &Value| -> Vec<(String, String)> {
            let statuses = operation["responses"].as_object().unwrap().keys();
            statuses.map(|status| (id(operation), status.clone())).collect()
        };
        self.operations().flat_map(|(_, _, operation)| answers(operation)).collect()
    }

    /// What the request breaks: undeclared or wrong query parameters, a body that does not fit. Empty if nothing.
    pub(crate) fn faults_of_request(&self, request: &Request<Bytes>) -> Vec<String> {
        let operation = self.operation(request);
        let mut faults = self.faults_of_query(operation, request.uri().query().unwrap_or_default());
        if let Some(body) = operation.get("requestBody") {
            let schema = &body["content"]["application/json"]["schema"];
            match serde_json::from_slice(request.body()) {
                Ok(body) => faults.extend(self.faults(schema, &body)),
                Err(error) => faults.push(format!("body: {error}")),
            }
        }
        faults
    }

    /// Asserts that the answer is one the contract documents for the request, and notes it as seen.
    pub(crate) fn assert_answer(&self, request: &Request<Bytes>, response: &Response<Bytes>) {
        let operation = self.operation(request);
        let status = response.status().as_u16().to_string();
        let name = if status.starts_with('5') { "5XX".to_owned() } else { status };
        let documented = operation["responses"].get(&name);
        let documented = documented.unwrap_or_else(|| panic!("{}: status {name} is not documented", id(operation)));
        let documented = self.resolve(documented);
        assert_eq!(response.headers()["content-type"], "application/json");
        if let Some(seconds) = response.headers().get("retry-after") {
            let header = self.resolve(&documented["headers"]["Retry-After"]);
            let seconds: Value = serde_json::from_str(seconds.to_str().unwrap()).unwrap();
            assert_eq!(self.faults(&header["schema"], &seconds), [""; 0]);
        }
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let faults = self.faults(&documented["content"]["application/json"]["schema"], &body);
        assert!(faults.is_empty(), "{} {name}: {faults:#?}\n{body}", id(operation));
        self.seen.borrow_mut().insert((id(operation), name));
    }

    /// The value, or what it refers to.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let reference = value.get("$ref").and_then(Value::as_str);
        reference
            .map_or(value, |reference| self.document.pointer(&reference[1..]).expect("a reference leads somewhere"))
    }

    fn operation(&self, request: &Request<Bytes>) -> &Value {
        let (_, rest) = request.uri().path().rsplit_once("/schools/").unwrap();
        let list = rest.split_once('/').map(|(_, list)| format!("/{list}")).unwrap_or_default();
        let template = format!("/schools/{{schoolId}}{list}");
        let found = self.operations().find(|(path, method, _)| *path == template && method == request.method());
        found.unwrap_or_else(|| panic!("{} {template} is not described", request.method())).2
    }

    fn faults_of_query(&self, operation: &Value, query: &str) -> Vec<String> {
        let none = Vec::new();
        let declared = operation.get("parameters").and_then(Value::as_array).unwrap_or(&none);
        let declared: Vec<&Value> = declared.iter().map(|parameter| self.resolve(parameter)).collect();
        let given: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let mut faults = Vec::new();
        for parameter in &declared {
            let name = parameter["name"].as_str().unwrap();
            match given.get(name) {
                None if parameter["required"] == true => {
                    faults.push(format!("query: {name} is missing"));
                }
                None => {}
                Some(text) if parameter["schema"]["type"] == "integer" => {
                    let value = text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
                    faults.extend(self.faults(&parameter["schema"], &value));
                }
                Some(text) => faults.extend(self.faults(&parameter["schema"], &json!(text.replace("%3A", ":")))),
            }
        }
        let is_declared = |name: &str| declared.iter().any(|parameter| parameter["name"] == name);
        let undeclared = given.keys().filter(|name| !is_declared(name));
        faults.extend(undeclared.map(|name| format!("query: {name} is not declared")));
        faults
    }

    /// Where and how the value breaks the schema.
    fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let key = schema.to_string();
        let mut validators = self.validators.borrow_mut();
        let validator = validators.entry(key).or_insert_with(|| Rc::new(self.compile(schema))).clone();
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn compile(&self, schema: &Value) -> Validator {
        let mut root = schema.clone();
        root["components"] = self.document["components"].clone();
        root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&root).expect("the schema is a JSON schema")
    }
}

fn id(operation: &Value) -> String {
    operation["operationId"].as_str().expect("an operation has an id").to_owned()
}
