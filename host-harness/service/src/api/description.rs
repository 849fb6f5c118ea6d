//! The description of the API, OpenAPI 3.1: made from the handlers, with the schemas of a school directory for what GEGI
//! states.

use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};

/// The schemas that ship as files, by the name under which handlers refer to them.
const SCHEMAS: [(&str, &str); 7] = [
    ("SchoolRequest", include_str!("../../../mirror/schemas/school-request.schema.json")),
    ("Course", include_str!("../../../mirror/schemas/courses.schema.json")),
    ("Credentials", include_str!("../../schemas/credentials.schema.json")),
    ("CourseList", include_str!("../../schemas/course-list.schema.json")),
    ("HandMark", include_str!("../../schemas/hand-mark.schema.json")),
    ("Settings", include_str!("../../schemas/settings.schema.json")),
    ("Acknowledgements", include_str!("../../schemas/acknowledgements.schema.json")),
];
/// The files to which they refer.
const REFERRED: [(&str, &str); 2] = [
    ("types.schema.json", include_str!("../../../mirror/schemas/types.schema.json")),
    ("school.schema.json", include_str!("../../../mirror/schemas/school.schema.json")),
];

/// The description before the handlers add themselves.
pub(super) fn beginning() -> OpenApi {
    let mut info = Info::new("GEGI ⇄ CourseKey host", env!("CARGO_PKG_VERSION"));
    info.description =
        Some("Runs the GEGI ⇄ CourseKey component beside GEGI, in one sandbox for each school.".to_owned());
    OpenApiBuilder::new().info(info).components(Some(Components::new())).build()
}

/// The whole description as JSON: with what handlers refer to, and a name of its own for every operation.
pub(super) fn finish(mut description: OpenApi) -> String {
    let components = description.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    description.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    let mut whole = serde_json::to_value(&description).unwrap_or_default();
    if let Some(schemas) = whole.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        // As they ship: the derived form of a schema does not know every keyword of JSON Schema.
        let read = |(name, text): (&str, &str)| Some((name.to_owned(), serde_json::from_str::<Value>(text).ok()?));
        schemas.extend(SCHEMAS.into_iter().filter_map(read).map(|(name, schema)| {
            let schema = with_definitions(schema, &name);
            (name, schema)
        }));
    }
    whole.pointer_mut("/paths").and_then(Value::as_object_mut).into_iter().flatten().for_each(|(path, operations)| {
        operations.as_object_mut().into_iter().flatten().for_each(|(_, operation)| complete(path, operation));
    });
    whole.to_string()
}

/// Names an operation by its tag and its handler, because handlers of several kinds of things have one name; and says that
/// CourseKey, which signs its pushes, needs no token.
fn complete(path: &str, operation: &mut Value) {
    let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{}-{}", text("/tags/0"), text("/operationId")).replace([' ', '_'], "-");
    let Some(operation) = operation.as_object_mut() else { return };
    operation.insert("operationId".to_owned(), name.into());
    if path.starts_with("/v1/webhooks/") {
        operation.insert("security".to_owned(), Value::Array(Vec::new()));
    }
}

/// The schema with every reference to another file replaced by what it refers to, because the description is one
/// document.
fn with_definitions(schema: Value, name: &str) -> Value {
    let own = schema.get("$defs").cloned().unwrap_or_default();
    let mut schema = resolved(schema, &own);
    if let Some(object) = schema.as_object_mut() {
        object.remove("$defs");
        object.remove("$schema");
        object.entry("title").or_insert_with(|| name.into());
    }
    schema
}

fn resolved(value: Value, own: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let Some(reference) = object.get("$ref").and_then(Value::as_str) else {
                return Value::Object(object.into_iter().map(|(key, value)| (key, resolved(value, own))).collect());
            };
            let mut found = target(reference, own);
            let beside = object.iter().filter(|(key, _)| *key != "$ref");
            if let Some(found) = found.as_object_mut() {
                found.extend(beside.map(|(key, value)| (key.clone(), value.clone())));
            }
            found
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| resolved(item, own)).collect()),
        plain => plain,
    }
}

/// What a reference such as `types.schema.json#/$defs/id` refers to.
fn target(reference: &str, own: &Value) -> Value {
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    if file.is_empty() {
        let found = own.pointer(pointer.trim_start_matches("/$defs")).cloned().unwrap_or_default();
        return resolved(found, own);
    }
    let text = REFERRED.iter().find(|(name, _)| *name == file).map_or("{}", |(_, text)| text);
    let whole: Value = serde_json::from_str(text).unwrap_or_default();
    let definitions = whole.get("$defs").cloned().unwrap_or_default();
    resolved(whole.pointer(pointer).cloned().unwrap_or_default(), &definitions)
}

/// The answer at `/openapi.json`.
pub(super) fn answer(described: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], described).into_response()
}
