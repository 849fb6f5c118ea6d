//! The component as its host meets it: what it imports, the world that it fits, and how large it is.

use component::COMPONENT;
use expect_test::expect;
use host::engine::Engine;
use host::limits::Limits;

use super::harness::compiled_code;

#[test]
fn the_plugin_imports_what_the_design_names_and_nothing_else() {
    let engine = Engine::new(COMPONENT, Limits::default(), Some(compiled_code())).unwrap();
    let mut imports = engine.imports();
    imports.sort();
    expect![[r#"
        gegi:coursekey/email@0.2.0
        gegi:coursekey/records@0.2.0
        gegi:coursekey/school@0.2.0
        gegi:coursekey/state@0.2.0
        gegi:coursekey/types@0.2.0
        wasi:cli/environment@0.2.12
        wasi:cli/exit@0.2.12
        wasi:cli/stderr@0.2.12
        wasi:cli/stdin@0.2.12
        wasi:cli/stdout@0.2.12
        wasi:cli/terminal-input@0.2.12
        wasi:cli/terminal-output@0.2.12
        wasi:cli/terminal-stderr@0.2.12
        wasi:cli/terminal-stdin@0.2.12
        wasi:cli/terminal-stdout@0.2.12
        wasi:clocks/monotonic-clock@0.2.12
        wasi:clocks/wall-clock@0.2.12
        wasi:http/outgoing-handler@0.2.12
        wasi:http/types@0.2.12
        wasi:io/error@0.2.12
        wasi:io/poll@0.2.12
        wasi:io/streams@0.2.12"#]]
    .assert_eq(&imports.join("\n"));
    let world = include_str!("../../../wit/world.wit");
    let named = world.lines().filter_map(|line| line.trim().strip_prefix("import wasi:")?.strip_suffix(';'));
    let named: Vec<String> = named.map(|name| format!("wasi:{name}")).collect();
    imports.retain(|name| name.starts_with("wasi:"));
    assert_eq!(imports, named, "the world plugin-on-wasi names what the component imports of WASI");
}

/// `docs/performance.md` says what made it large.
#[test]
fn the_component_is_small() {
    assert!(COMPONENT.len() <= 1_600_000, "{} bytes", COMPONENT.len());
}
