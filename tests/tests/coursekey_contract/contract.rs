//! Reads `plugin/coursekey.openapi.yaml` and checks requests and answers against it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bytes::Bytes;
use http::{Method, Request, Response};
use jsonschema::Validator;
use serde_json::{Value, json};
use simulator::Pushed;

const TEXT: &str = include_str!("../../../plugin/coursekey.openapi.yaml");

/// The contract, and the answers of it that have been seen.
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

    /// Every answer that the contract documents, as operation and status.
    pub(crate) fn documented(&self) -> BTreeSet<(String, String)> {
        let answers = |operation: &Value| -> Vec<(String, String)> {
            let statuses = operation["responses"].as_object().unwrap().keys();
            statuses.map(|status| (id(operation), status.clone())).collect()
        };
        self.operations().flat_map(|(_, _, operation)| answers(operation)).collect()
    }

    /// The ways in which a request breaks the contract: a school that is no number, undeclared or wrong query
    /// parameters, a body that does not fit or that the operation does not take. Empty: the request keeps to the
    /// contract.
    pub(crate) fn faults_of_request(&self, request: &Request<Bytes>) -> Vec<String> {
        let operation = self.operation(request);
        let (school, _) = school_and_list(request);
        let school = school.parse::<u64>().map_or_else(|_| json!(school), |number| json!(number));
        let mut faults = self.faults(&self.document["components"]["parameters"]["schoolId"]["schema"], &school);
        faults.extend(self.faults_of_query(operation, request.uri().query()));
        match (operation.get("requestBody"), serde_json::from_slice(request.body())) {
            (None, _) if request.body().is_empty() => {}
            (None, _) => faults.push("body: a read has none".to_owned()),
            (Some(body), Ok(sent)) => {
                faults.extend(self.faults(&body["content"]["application/json"]["schema"], &sent));
            }
            (Some(_), Err(error)) => faults.push(format!("body: {error}")),
        }
        faults
    }

    /// Asserts that the contract documents the answer for the request, and notes the answer as seen.
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

    /// The only push that the contract describes.
    pub(crate) fn push(&self) -> &Value {
        &self.document["webhooks"]["attendance"]["post"]
    }

    /// The ways in which a push breaks the contract.
    pub(crate) fn faults_of_push(&self, pushed: &Pushed) -> Vec<String> {
        let operation = self.push();
        let sent = |name: &str| match name {
            "webhook-id" => pushed.id.clone(),
            "webhook-timestamp" => pushed.timestamp.clone(),
            "webhook-signature" => pushed.signature.clone(),
            other => panic!("the simulator has no header {other}"),
        };
        let headers = operation["parameters"].as_array().unwrap().iter().map(|parameter| self.resolve(parameter));
        let headers = headers.map(|header| (&header["schema"], json!(sent(header["name"].as_str().unwrap()))));
        let mut faults: Vec<String> = headers.flat_map(|(schema, value)| self.faults(schema, &value)).collect();
        let body = serde_json::from_slice(&pushed.body).unwrap();
        faults.extend(self.faults(&operation["requestBody"]["content"]["application/json"]["schema"], &body));
        faults
    }

    /// The value, or the value to which it refers.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let reference = value.get("$ref").and_then(Value::as_str);
        reference
            .map_or(value, |reference| self.document.pointer(&reference[1..]).expect("a reference leads somewhere"))
    }

    /// The operation of the request; fails if the contract has no such operation.
    pub(crate) fn operation(&self, request: &Request<Bytes>) -> &Value {
        let template = format!("/schools/{{schoolId}}{}", school_and_list(request).1);
        let found = self.operations().find(|(path, method, _)| *path == template && method == request.method());
        found.unwrap_or_else(|| panic!("{} {template} is not described", request.method())).2
    }

    fn faults_of_query(&self, operation: &Value, query: Option<&str>) -> Vec<String> {
        let none = Vec::new();
        let declared = operation.get("parameters").and_then(Value::as_array).unwrap_or(&none);
        let mut declared: BTreeMap<&str, &Value> = declared
            .iter()
            .map(|parameter| self.resolve(parameter))
            .map(|parameter| (parameter["name"].as_str().unwrap(), parameter))
            .collect();
        let mut faults = Vec::new();
        for pair in query.iter().flat_map(|query| query.split('&')) {
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            match (declared.remove(name), decoded(text)) {
                (None, _) => faults.push(format!("query: {name} is not declared, or given twice")),
                (_, None) => faults.push(format!("query: {name} is not percent-encoded")),
                (Some(parameter), Some(text)) => {
                    let number = text.parse::<i64>().ok().filter(|_| parameter["schema"]["type"] == "integer");
                    let value = number.map_or_else(|| json!(text), |number| json!(number));
                    faults.extend(self.faults(&parameter["schema"], &value));
                }
            }
        }
        let missing = declared.into_iter().filter(|(_, parameter)| parameter["required"] == true);
        faults.extend(missing.map(|(name, _)| format!("query: {name} is missing")));
        faults
    }

    /// The places at which the value breaks the schema, and how.
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

/// The school in the request's path, and the rest of the path: empty, or a list with its slash.
fn school_and_list(request: &Request<Bytes>) -> (&str, &str) {
    let (_, rest) = request.uri().path().rsplit_once("/schools/").expect("a path names a school");
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// The text of a form-encoded value; none: a character that is not unreserved is not encoded.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => u8::from_str_radix(std::str::from_utf8(&[rest.next()?, rest.next()?]).ok()?, 16).ok()?,
            b'+' => b' ',
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The id of an operation.
pub(crate) fn id(operation: &Value) -> String {
    operation["operationId"].as_str().expect("an operation has an id").to_owned()
}
