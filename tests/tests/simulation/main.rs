//! The simulation: random small schools with random stories, played by the real component in the real host on SQLite,
//! and an independent model that says which marks, rows, issues and rosters the run must end with. Beside it, a search for
//! what must not come out.
//!
//! `SIMULATION_SEED=17 cargo test --workspace --test simulation` plays one school again and keeps its directory;
//! `SIMULATION_SEEDS=300..2000` plays other schools than the usual ones, `SIMULATION_COMPONENT=plugin.wasm` another
//! component.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod attendance;
mod canaries;
mod changes;
mod compare;
mod dice;
mod model;
mod school;

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use component::COMPONENT;
use host::engine::Engine;
use host::limits::Limits;
use lab::directory::SchoolDirectory;
use lab::run::{Keys, RunOptions, run};
use tests::discretion::leak;

/// The seeds of an ordinary test run; `.ci/run` plays the others up to 300.
const SEEDS: Range<u64> = 0..60;
/// The most lines of one school that are shown.
const SHOWN: usize = 12;

#[test]
fn every_school_ends_as_the_model_says() {
    tests::discretion::watch();
    let seeds = seeds();
    let keep = seeds.end - seeds.start == 1;
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/gegi-coursekey");
    // A component with a planted bug shows which bugs the simulation finds.
    let other = variable("SIMULATION_COMPONENT").map(|path| std::fs::read(path).unwrap());
    let component = other.as_deref().unwrap_or(COMPONENT);
    let engine = Engine::new(component, Limits::default(), Some(&cache)).unwrap();
    let next = AtomicU64::new(seeds.start);
    let wrong = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    let differences = play(seed, engine.clone(), keep);
                    if !differences.is_empty() {
                        wrong.lock().unwrap().push((seed, differences));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    for (seed, differences) in &wrong {
        println!("school {seed}: - the model alone, + the run alone, {} in all", differences.len());
        differences.iter().take(if keep { usize::MAX } else { SHOWN }).for_each(|line| println!("  {line}"));
        println!("  again: SIMULATION_SEED={seed} cargo test --workspace --test simulation");
    }
    assert!(wrong.is_empty(), "{} of {} schools differ", wrong.len(), seeds.end - seeds.start);
}

/// The seeds of the schools to play.
fn seeds() -> Range<u64> {
    let one = variable("SIMULATION_SEED").map(|seed| {
        let seed = seed.parse().unwrap();
        seed..seed + 1
    });
    let range = variable("SIMULATION_SEEDS").map(|range| {
        let (from, to) = range.split_once("..").unwrap();
        from.parse().unwrap()..to.parse().unwrap()
    });
    one.or(range).unwrap_or(SEEDS)
}

#[allow(clippy::disallowed_methods)] // The person who runs the test chooses the schools.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Plays the school of a seed; returns the differences from the model.
fn play(seed: u64, engine: Engine, keep: bool) -> Vec<String> {
    let mut folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    if keep {
        folder.disable_cleanup(true);
        println!("the school directory of {seed}: {}", folder.path().join("school").display());
    }
    let school = school::generate::school(seed);
    let written = folder.path().join("school");
    std::fs::create_dir(&written).unwrap();
    school::files::write(&school, &written);
    let directory = SchoolDirectory::read(&written).unwrap();
    let heard = Arc::new(canaries::Heard::default());
    let options = RunOptions {
        out: folder.path().join("out"),
        store: Some(folder.path().join("store")),
        seed,
        own_texts: None,
        keys: Keys::default(),
        observer: heard.clone(),
        faults_per_million: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Err(error) = runtime.block_on(run(&directory, engine, options, &mut |_| ())) {
        let shown = leak(&format!("{error} {error:?}")).map(|what| format!("+ the error shows {what}"));
        return std::iter::once(format!("+ {error}")).chain(shown).collect();
    }
    let out = folder.path().join("out");
    let mut found = compare::differences(&school, &model::play(&school), &out);
    found.extend(canaries::escaped(&out, &heard));
    found
}
