//! A real browser: Debian's Chromium, driven over `WebDriver`. Where there is none the tests say so and pass; with
//! `GEGI_REQUIRE_BROWSER=1` they fail.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use host::limits::Stopwatch;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// The longest time for which a test waits for what happens within a second on a quiet machine.
const PATIENCE_SECONDS: u64 = 60;

/// A browser with one window.
pub(super) struct Browser {
    pub(super) client: Client,
    driver: Child,
    /// The address of the service.
    base: String,
}

impl Drop for Browser {
    /// Ends the driver and, with its process group, the browser that it started.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-9", "--", &format!("-{}", self.driver.id())]).status();
        let _ = self.driver.wait();
    }
}

/// Whether a variable of the environment is 1.
#[allow(clippy::disallowed_methods)] // What a developer asks of the tests.
pub(super) fn is_asked(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1")
}

/// Runs a test with a browser that looks at a service; without a browser it says so.
pub(super) fn with_browser<F: Future<Output = ()>>(base: &str, test: impl FnOnce(Browser) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(driver) = driver() else {
            assert!(
                !is_asked("GEGI_REQUIRE_BROWSER"),
                "GEGI_REQUIRE_BROWSER is 1 and there is no chromedriver; run tests/browser/install"
            );
            eprintln!("not tried: there is no chromedriver here; tests/browser/install installs it");
            return;
        };
        test(Browser::start(driver, base).await).await;
    });
}

fn driver() -> Option<Child> {
    Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .ok()
}

impl Browser {
    async fn start(mut driver: Child, base: &str) -> Self {
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        // What it says later is read and dropped, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1100",
            "--force-prefers-reduced-motion", "--hide-scrollbars"
        ] });
        let wanted =
            [("goog:chromeOptions".to_owned(), options), ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }))];
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wanted.into_iter().collect());
        let client = builder.connect(&format!("http://127.0.0.1:{}", port.unwrap())).await.unwrap();
        Self { client, driver, base: base.to_owned() }
    }

    /// Opens an address of the service.
    pub(super) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Chooses light or dark.
    pub(super) async fn theme(&self, theme: &str) {
        let script = format!("document.cookie = 'gegi-theme={theme}; path=/console; samesite=lax'");
        self.run(&script).await;
    }

    /// The window's size.
    pub(super) async fn size(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// What a script returns.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The text of the first element of a selector; empty: there is none.
    pub(super) async fn text(&self, css: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); return found ? found.textContent : ''";
        let text = self.client.execute(script, vec![json!(css)]).await.unwrap();
        text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Clicks on the first element of a selector.
    pub(super) async fn click(&self, css: &str) {
        let found = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        self.run(&format!("document.querySelector({css:?}).scrollIntoView({{block: 'center'}})")).await;
        found.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types into a field, in place of what stood there.
    pub(super) async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until a script says true.
    pub(super) async fn until(&self, script: &str) {
        let watch = Stopwatch::start();
        loop {
            // A page that is left meanwhile answers with an error, and the next one is asked.
            let answer = self.client.execute(&format!("return Boolean({script})"), Vec::new()).await;
            if answer.is_ok_and(|answer| answer == true) {
                return;
            }
            let waited = watch.elapsed().as_secs();
            if waited >= PATIENCE_SECONDS {
                let shown = self.text("main").await;
                panic!("{script} does not come; the page says: {shown}");
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the first element of a selector has this text in it.
    pub(super) async fn until_says(&self, css: &str, text: &str) {
        self.until(&format!("document.querySelector({css:?})?.textContent.includes({text:?})")).await;
    }

    /// What the browser complains of since the last look: errors of scripts, what the page's policy forbids, what could not
    /// be loaded.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let all = self.client.issue_cmd(ConsoleLog).await.unwrap();
        // The rest are hints for whoever writes pages.
        let is_complaint = |line: &&Value| line["level"] == "SEVERE" || line["level"] == "WARNING";
        let complaints = all.as_array().unwrap().iter().filter(is_complaint);
        complaints.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What axe finds on the page, each with the place.
    pub(super) async fn axe(&self) -> Vec<String> {
        self.run(&std::fs::read_to_string(axe()).unwrap()).await;
        let script = "const done = arguments[arguments.length - 1]; axe.run(document, { resultTypes: ['violations'] }).then((found) => done(\
             found.violations.flatMap((one) => one.nodes.map((node) => `${one.id} (${one.impact}): ${node.html.slice(0, 200)} ${node.failureSummary}`))))";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        found.as_array().unwrap().iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A picture of the page.
    pub(super) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }
}

/// Reads the browser's console, which `WebDriver` itself does not know.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

fn axe() -> PathBuf {
    let installed = "../target/browser/node_modules/axe-core/axe.min.js";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(installed);
    assert!(file.exists(), "axe-core is not installed; run tests/browser/install");
    file
}
