//! Which crate of this workspace may import which, checked in the manifests, in the code and in the table of
//! ARCHITECTURE.md. Not here: the order of the rooms inside a crate (`tidy.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{code, root, rust_files};

/// A crate of this workspace: its name, its folder, and the crates of this workspace that it may import.
struct Member {
    name: &'static str,
    folder: &'static str,
    imports: &'static [&'static str],
}

/// Every crate of the workspace, in the order of ARCHITECTURE.md's table.
const MEMBERS: [Member; 12] = [
    Member { name: "plugin", folder: "plugin", imports: &[] },
    Member { name: "host", folder: "host-harness/host", imports: &[] },
    Member { name: "component", folder: "host-harness/component", imports: &[] },
    Member { name: "simulator", folder: "host-harness/simulator", imports: &[] },
    Member { name: "mirror", folder: "host-harness/mirror", imports: &["host"] },
    Member { name: "lab", folder: "host-harness/lab", imports: &["host", "mirror", "simulator"] },
    Member { name: "service", folder: "host-harness/service", imports: &["host", "mirror"] },
    Member { name: "console", folder: "host-harness/console", imports: &["host", "mirror", "service"] },
    Member {
        name: "host-harness",
        folder: "host-harness",
        imports: &["component", "console", "host", "lab", "mirror", "service", "simulator", "tests"],
    },
    Member { name: "tests", folder: "tests", imports: &["component", "host", "lab", "mirror", "plugin", "simulator"] },
    Member { name: "hostile-guest", folder: "tests/guests/hostile", imports: &[] },
    Member { name: "empty-guest", folder: "tests/guests/empty", imports: &[] },
];

/// The crates of this workspace that a manifest names as dependencies of any kind.
fn dependencies(manifest: &str) -> BTreeSet<&'static str> {
    let ours = |name: &str| MEMBERS.iter().map(|member| member.name).find(|known| *known == name);
    let mut found = BTreeSet::new();
    let mut in_dependencies = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            in_dependencies = section.ends_with("dependencies");
            // `[dependencies.name]` is a section of its own.
            found.extend(section.rsplit_once("dependencies.").and_then(|(_, name)| ours(name)));
        } else if in_dependencies {
            let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.extend(ours(key));
            // `another-name = { package = "name" }`
            let package = line.split_once("package = \"").and_then(|(_, rest)| rest.split('"').next());
            found.extend(package.and_then(ours));
        }
    }
    found
}

/// Whether a line of code names the crate: `host::`, and not `wasmtime::host::` or `my_host::`.
fn names_crate(line: &str, name: &str) -> bool {
    let path = format!("{}::", name.replace('-', "_"));
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].strip_suffix("::").map_or_else(
            || line[..at].chars().next_back(),
            |rest| {
                // `::host::` names a crate, `something::host::` does not.
                rest.chars().next_back().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '>')).or(Some(' '))
            },
        );
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '>'))
    })
}

/// The innermost member that a file belongs to.
fn member_of(path: &Path) -> &'static Member {
    let holds = |member: &&Member| path.starts_with(root().join(member.folder));
    MEMBERS.iter().filter(holds).max_by_key(|member| member.folder.len()).unwrap()
}

/// Whether the name is that of a room of the crate's own, because a path may begin with a room as well.
fn is_room(member: &Member, name: &str) -> bool {
    let source = root().join(member.folder).join("src");
    source.join(name).is_dir() || source.join(format!("{name}.rs")).is_file()
}

#[test]
fn the_table_names_every_crate_of_the_workspace() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.split_once("\nmembers = [").unwrap().1.split_once(']').unwrap().0;
    let members: BTreeSet<&str> = members.split(',').map(|text| text.trim().trim_matches('"')).collect();
    let known: BTreeSet<&str> = MEMBERS.iter().map(|member| member.folder).collect();
    assert_eq!(members.into_iter().filter(|text| !text.is_empty()).collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_manifest_depends_on_the_crates_its_row_names() {
    for member in &MEMBERS {
        let path = root().join(member.folder).join("Cargo.toml");
        let named = dependencies(&fs::read_to_string(&path).unwrap());
        let allowed: BTreeSet<&str> = member.imports.iter().copied().collect();
        let refused: Vec<_> = named.difference(&allowed).collect();
        assert!(refused.is_empty(), "{} depends on {refused:?}; {} may not", path.display(), member.name);
    }
}

#[test]
fn every_file_names_only_the_crates_its_row_names() {
    let mut wrong = Vec::new();
    for (path, text) in ["plugin", "host-harness", "tests"].into_iter().flat_map(rust_files) {
        let member = member_of(&path);
        let others = MEMBERS.iter().map(|other| other.name).filter(|name| *name != member.name);
        for name in others.filter(|name| !member.imports.contains(name) && !is_room(member, name)) {
            // Tests inside a file count too: the crate needs as a dependency what its tests import.
            if text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| names_crate(line, name)) {
                wrong.push(format!("{}: {} uses {name}", path.display(), member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that the table does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn the_embedding_example_needs_the_host_and_the_bytes_alone() {
    let text = fs::read_to_string(root().join("host-harness/examples/embed.rs")).unwrap();
    for name in MEMBERS.iter().map(|member| member.name).filter(|name| !matches!(*name, "host" | "component")) {
        assert!(!code(&text).any(|line| names_crate(line, name)), "examples/embed.rs uses {name}");
    }
}

#[test]
fn architecture_has_the_same_table() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let section = text.split_once("\n## Who may import whom\n").unwrap().1.split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.trim().trim_matches('|').split('|').map(names_in);
        Some((cells.next()?.into_iter().next()?, cells.next()?))
    };
    let said: BTreeMap<String, Vec<String>> =
        section.lines().filter(|line| line.starts_with("| `")).filter_map(row).collect();
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let held = MEMBERS.iter().map(|member| (member.name.to_owned(), owned(member.imports))).collect();
    assert_eq!(said, held);
}

/// The names between backquotes in a cell.
fn names_in(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn a_broken_row_is_found() {
    let manifest = "[package]\nname = \"lab\"\n[dependencies]\nhost.workspace = true\n\
                    [dev-dependencies]\nother = { package = \"plugin\" }\n[target.'cfg(unix)'.dependencies.tests]\npath = \"\"";
    assert_eq!(dependencies(manifest), BTreeSet::from(["host", "plugin", "tests"]));
    for (line, names) in [
        ("use host::gegi::Course;", true),
        ("    let engine = ::host::engine::Engine::new();", true),
        ("use {host::clock, std::fs};", true),
        ("use wasmtime::component::host::Linker;", false),
        ("use crate::host::Room;", false),
        ("my_host::call();", false),
        ("let host = Host::new();", false),
    ] {
        assert_eq!(names_crate(line, "host"), names, "{line}");
    }
}
