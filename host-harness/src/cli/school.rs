//! `school`: the schools of a service that runs, by its API.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use http::Method;
use secrecy::SecretString;
use serde_json::Value;
use service::client::ApiClient;
use service::config::Config;
use service::secrets::{Secrets, TokenHash};

use super::show;

/// Lists, creates, changes, pauses and removes the schools of a service that runs.
#[derive(Args)]
pub(super) struct School {
    /// The service's configuration, whose address and operator's token are used.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The service's address, if it is not the configuration's, such as `https://gegi.example.edu`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the schools.
    List,
    /// Shows a school.
    Show {
        /// The school's id.
        school: String,
    },
    /// Creates a school, or changes it.
    Put {
        /// The school's id.
        school: String,
        /// A file with the body of PUT /v1/schools/{school}.
        file: PathBuf,
    },
    /// Pauses a school: nothing is sent and nothing is fetched.
    Pause {
        /// The school's id.
        school: String,
    },
    /// Lets a paused school go on.
    Resume {
        /// The school's id.
        school: String,
    },
    /// Ticks a school now.
    Sync {
        /// The school's id.
        school: String,
    },
    /// Removes a school with everything that is stored of it.
    Remove {
        /// The school's id.
        school: String,
        /// Repeat the school's id, because nothing brings a removed school back.
        #[arg(long, value_name = "ID")]
        confirm: String,
    },
    /// Gives a school a new token, and prints it once; only its hash is kept.
    Token {
        /// The school's id.
        school: String,
    },
}

impl School {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let config = Config::read(&self.config)?;
        let secrets = Secrets::open(&config.secrets, config.secrets_mounted, super::environment)?;
        if let Action::Token { school } = &self.action {
            return give_token(&secrets, school);
        }
        let token = secrets.operator_token_text()?.ok_or_else(|| {
            anyhow::Error::msg(
                "find the operator's token: the service's folder has only its hash; set GEGI_TOKEN to the token",
            )
        });
        let token = super::environment("GEGI_TOKEN").map(SecretString::from).map_or(token, Ok)?;
        let url = self.url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
        let client = ApiClient::new(&url, token)?;
        let at = |school: &str, rest: &str| format!("/v1/schools/{school}{rest}");
        let answer = match &self.action {
            Action::List => return self.list(&client).await,
            Action::Show { school } => client.ask(Method::GET, &at(school, ""), None).await?,
            Action::Put { school, file } => {
                let body = std::fs::read(file).map_err(|error| {
                    anyhow::Error::msg(format!("read {}: {error}; name a file that exists", file.display()))
                })?;
                client.ask(Method::PUT, &at(school, ""), Some(body)).await?
            }
            Action::Pause { school } => client.ask(Method::POST, &at(school, "/pause"), None).await?,
            Action::Resume { school } => client.ask(Method::POST, &at(school, "/resume"), None).await?,
            Action::Sync { school } => client.ask(Method::POST, &at(school, "/sync"), None).await?,
            Action::Remove { school, confirm } if school == confirm => {
                client.ask(Method::DELETE, &at(school, ""), None).await?
            }
            Action::Remove { .. } => anyhow::bail!("remove the school: --confirm has another id; repeat the school's"),
            Action::Token { .. } => Value::Null,
        };
        self.show(&answer)
    }

    async fn list(&self, client: &ApiClient) -> anyhow::Result<()> {
        let mut schools = Vec::new();
        let mut path = "/v1/schools?limit=1000".to_owned();
        loop {
            let page = client.ask(Method::GET, &path, None).await?;
            schools.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
            let Some(next) = page.get("next").and_then(Value::as_str) else { break };
            path = format!("/v1/schools?limit=1000&after={next}");
        }
        if self.json { show::json(&schools) } else { table(&schools) }
    }

    fn show(&self, answer: &Value) -> anyhow::Result<()> {
        match answer {
            Value::Null => show::line("done"),
            answer if self.json => show::json(answer),
            school => table(std::slice::from_ref(school)),
        }
    }
}

fn table(schools: &[Value]) -> anyhow::Result<()> {
    let text = |school: &Value, key: &str| school.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let courses = |school: &Value, status: &str| {
        school.pointer(&format!("/courses/{status}")).map(ToString::to_string).unwrap_or_default()
    };
    show::table(
        ["School", "Name", "State", "Last tick", "Next tick", "Synchronized", "Failed", "Last error"],
        schools.iter().map(|school| {
            [
                text(school, "id"),
                text(school, "name"),
                text(school, "state"),
                text(school, "last-tick"),
                text(school, "next-tick"),
                courses(school, "synchronized"),
                courses(school, "failed"),
                text(school, "last-error"),
            ]
        }),
    )
}

fn give_token(secrets: &Secrets, school: &str) -> anyhow::Result<()> {
    if !service::registry::Registry::is_id(school) {
        anyhow::bail!("give a token: {school:?} is no school's id; use letters, digits, `-` and `_`");
    }
    let token = service::secrets::new_token()?;
    secrets.put_school_token(school, &TokenHash::of(&token))?;
    show::line(&token)
}
