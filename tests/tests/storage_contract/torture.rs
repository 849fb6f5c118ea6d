//! Torture: three processes serve the same schools from one PostgreSQL. They are killed, stopped for longer than a
//! process may be silent and continued, and the server is killed. Afterwards the history of each school is checked:
//! everything that was answered is there, nothing is there twice, and no lease committed a tick after a later one.
//!
//! A short call adds a key, a note about it, and one to a counter. A tick checks that what it sees adds up, clears the
//! notes it sees, and writes which they were. `STORAGE_TORTURE_ROUNDS` is the number of rounds.

#[path = "torture/child.rs"]
mod child;
#[path = "torture/history.rs"]
mod history;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use host::store::SchoolId;
use host::store::lease::Leases as _;
use host::store::{PostgresStore, Store as _};
use tests::postgres::Server;

use history::History;

const TEST: &str = "torture::processes_that_are_killed_and_stopped_lose_and_double_nothing";
/// The variable that names the child's database; without it the test is the parent.
const DATABASE: &str = "STORAGE_TORTURE_DATABASE";
const ROUNDS: &str = "STORAGE_TORTURE_ROUNDS";

const SCHOOLS: [&str; 3] = ["school-1", "school-2", "school-3"];
const CHILDREN: usize = 3;
/// How long a process may be silent. Every process says that it lives every few calls.
const DEAD_AFTER: Duration = Duration::from_secs(1);
/// What takes longer will never happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a child says after a call was answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Answered {
    /// A short call, with the key that it added.
    Short { school: String, key: String },
    /// A tick, with its number, the number of the lease, and the process.
    Tick { school: String, tick: u64, lease: u64, process: String },
}

impl Answered {
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["short", school, key] => Some(Self::Short { school: school.into(), key: key.into() }),
            ["tick", school, tick, lease, process] => Some(Self::Tick {
                school: school.into(),
                tick: tick.parse().ok()?,
                lease: lease.parse().ok()?,
                process: process.into(),
            }),
            _ => None,
        }
    }

    fn line(&self) -> String {
        match self {
            Self::Short { school, key } => format!("short {school} {key}"),
            Self::Tick { school, tick, lease, process } => format!("tick {school} {tick} {lease} {process}"),
        }
    }
}

#[allow(clippy::disallowed_methods)] // The environment tells the child that it is the child.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn processes_that_are_killed_and_stopped_lose_and_double_nothing() {
    if let Some(database) = variable(DATABASE) {
        return child::serve(&database);
    }
    let Some(mut server) = Server::start() else { return };
    let rounds = variable(ROUNDS).map_or(3, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        play(&mut server, round);
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What is done to the processes.
#[derive(Debug, Clone, Copy)]
enum Harm {
    KillProcess,
    StopProcess,
    KillServer,
}

fn play(server: &mut Server, round: usize) {
    let url = wait(async {
        let url = server.database().await;
        let store = PostgresStore::open(&url).await.unwrap();
        for school in SCHOOLS {
            store.leases(DEAD_AFTER).add(&SchoolId::from(school)).await.unwrap();
        }
        url
    });
    let mut crew = Crew::new(&url);
    crew.await_progress(&BTreeSet::new());
    for step in 0..5 {
        let harm = [Harm::KillProcess, Harm::StopProcess, Harm::KillServer][(round + step) % 3];
        let victim = (round * 7 + step) % CHILDREN;
        match harm {
            Harm::KillProcess => crew.replace(victim),
            Harm::StopProcess => {
                let stopped = crew.processes[victim].name();
                crew.signal(victim, "STOP");
                // The others have to take over everything that it held.
                crew.await_progress(&BTreeSet::from([stopped]));
                crew.signal(victim, "CONT");
            }
            Harm::KillServer => {
                server.kill();
                server.restart();
            }
        }
        crew.await_progress(&BTreeSet::new());
    }
    let answered = crew.stop();
    wait(async {
        let store = PostgresStore::open(&url).await.unwrap();
        for school in SCHOOLS {
            let standing = store.standing(&SchoolId::from(school)).await.unwrap();
            let history = History::read(&store, &SchoolId::from(school)).await;
            let answered = answered.iter().filter(|answer| answer_school(answer) == school);
            history.check(&format!("round {round}, {school}"), &standing, answered.cloned().collect());
        }
    });
}

fn answer_school(answered: &Answered) -> &str {
    match answered {
        Answered::Short { school, .. } | Answered::Tick { school, .. } => school,
    }
}

/// A child, and its input, whose end tells it to stop.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    fn name(&self) -> String {
        format!("process-{}", self.child.id())
    }
}

/// The processes and everything that they were answered.
struct Crew {
    url: String,
    processes: Vec<Process>,
    heard: Receiver<Answered>,
    sender: Sender<Answered>,
    answered: Vec<Answered>,
}

impl Crew {
    fn new(url: &str) -> Self {
        let (sender, heard) = channel();
        let mut crew = Self { url: url.into(), processes: Vec::new(), heard, sender, answered: Vec::new() };
        for _ in 0..CHILDREN {
            let process = crew.start();
            crew.processes.push(process);
        }
        crew
    }

    fn start(&self) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", TEST, "--nocapture"]).env(DATABASE, &self.url);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            for answered in output.lines().map_while(Result::ok).filter_map(|line| Answered::read(&line)) {
                let _ = sender.send(answered);
            }
        });
        Process { child, input }
    }

    /// Kills a process and starts another one in its place.
    fn replace(&mut self, victim: usize) {
        let started = self.start();
        let mut killed = std::mem::replace(&mut self.processes[victim], started);
        assert!(killed.child.try_wait().unwrap().is_none(), "a process ended by itself");
        killed.child.kill().unwrap();
        killed.child.wait().unwrap();
    }

    fn signal(&self, victim: usize, signal: &str) {
        let id = self.processes[victim].child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
    }

    /// Waits until each school was ticked, by none of these processes, and until every other process made a short call.
    fn await_progress(&mut self, without: &BTreeSet<String>) {
        let names: BTreeSet<String> = self.processes.iter().map(Process::name).collect();
        let mut calls: BTreeSet<String> = names.difference(without).cloned().collect();
        let mut ticks: BTreeMap<&str, u32> = SCHOOLS.map(|school| (school, 2)).into();
        // What was answered before does not count.
        self.answered.extend(self.heard.try_iter());
        while !(calls.is_empty() && ticks.is_empty()) {
            let Ok(answered) = self.heard.recv_timeout(PATIENCE) else {
                panic!("no more calls of {calls:?}, no more ticks of {ticks:?}");
            };
            let has_failed = self.processes.iter_mut().any(|process| process.child.try_wait().unwrap().is_some());
            assert!(!has_failed, "a process failed; its words are above");
            match &answered {
                Answered::Short { key, .. } => calls.retain(|name| !key.contains(&format!("/{name}/"))),
                Answered::Tick { school, process, .. } if !without.contains(process) => {
                    ticks.retain(|of, left| {
                        *left -= u32::from(of == school);
                        *left > 0
                    });
                }
                Answered::Tick { .. } => {}
            }
            self.answered.push(answered);
        }
    }

    /// Lets every process end by itself; returns everything that was answered.
    fn stop(mut self) -> Vec<Answered> {
        for process in &mut self.processes {
            drop(process.input.take());
        }
        for process in &mut self.processes {
            assert!(process.child.wait().unwrap().success(), "a process failed; its words are above");
        }
        drop(self.sender);
        self.answered.extend(self.heard.iter());
        self.answered
    }
}
