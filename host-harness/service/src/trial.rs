//! Which component runs: the configuration's, or the program's own; and while it is new, the one before beside it. A new
//! component whose calls are all stopped is left by itself (`host::school`, `Trial`), for all processes on the storage and
//! for every start, until its file is another.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use host::engine::{Engine, EngineError};
use host::limits::Limits;
use host::schedule::Wake;
use host::school::{CallError, CallFailure, StatusPage, StatusQuery, Trial, Verdict, Verdicts};
use host::store::StoreError;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::config::Config;
use crate::registry::Registry;
use crate::schools::OpenSchools;
use crate::service::Service;

/// How many schools a new component is asked about when the service starts.
const ASKED: usize = 10;

/// A component, as bytes.
struct Bytes {
    /// Where it comes from, for people.
    name: String,
    content: Cow<'static, [u8]>,
    /// Tells it from all others.
    hash: String,
}

/// The components that the configuration names, with what they are compiled for.
pub struct Components {
    new: Bytes,
    before: Bytes,
    ahead: Option<Bytes>,
    limits: Limits,
    compiled_code: Option<PathBuf>,
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// The file cannot be read.
    #[error("read the component {0}: {1}; name a file that exists where the configuration names this one")]
    File(String, std::io::Error),
    /// It is no component of this world, or the machine cannot run it.
    #[error("{0}: {1}")]
    Unfit(String, EngineError),
    /// It is older than what is stored.
    #[error(
        "{component}: it cannot read what is stored of school {school}: {why}; name a later one, or restore a backup"
    )]
    Older {
        /// Where the component comes from.
        component: String,
        /// The school's id.
        school: String,
        /// What the component says.
        why: String,
    },
    /// The storage failed when it was asked for the verdict on the component.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl ComponentError {
    /// Whether what the operator stated is wrong, and not the machine.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::File(..) | Self::Older { .. } | Self::Unfit(_, EngineError::Compile(_) | EngineError::Link(_))
        )
    }
}

/// A component that was left: the sentence about it, and whether this process left it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    sentence: String,
    is_news: bool,
}

/// Which component was left, if one was. Cheap to clone.
pub type LeftComponent = watch::Receiver<Option<Left>>;

/// What runs.
pub(crate) struct Running {
    pub(crate) engine: Engine,
    pub(crate) trial: Option<Arc<Trial>>,
    pub(crate) left: LeftComponent,
}

impl Components {
    /// Reads the components that the configuration names. `own` is the program's, which counts where it names none.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(
        config: &Config,
        own: &'static [u8],
        limits: Limits,
        compiled_code: Option<PathBuf>,
    ) -> Result<Self, ComponentError> {
        let (new, before) = (config.component.as_deref(), config.component_before.as_deref());
        let ahead = config.component_ahead.as_deref().map(|path| Bytes::read(Some(path), own)).transpose()?;
        Ok(Self { new: Bytes::read(new, own)?, before: Bytes::read(before, own)?, ahead, limits, compiled_code })
    }

    /// Compiles the component that runs for some schools ahead of the others; none: there is none.
    ///
    /// # Errors
    /// It is no component of this world, or the machine cannot run it.
    pub fn compile_ahead(&self) -> Result<Option<Engine>, ComponentError> {
        let compile = |bytes: &Bytes| bytes.compile(&self.limits, self.compiled_code.as_deref());
        self.ahead.as_ref().map(compile).transpose()
    }

    /// The limits of a call.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiles the new component, which says whether it is one of this world.
    ///
    /// # Errors
    /// It is not, or the machine cannot run it.
    pub fn compile(&self) -> Result<Engine, ComponentError> {
        self.new.compile(&self.limits, self.compiled_code.as_deref())
    }

    /// The sentence about the new component if it was left.
    ///
    /// # Errors
    /// The storage failed.
    pub(crate) async fn left(&self, registry: &Registry) -> Result<Option<String>, StoreError> {
        let verdict = registry.verdict(&self.new.hash).await?;
        Ok((self.is_new() && verdict == Some(Verdict::Left)).then(|| self.sentence()))
    }

    fn is_new(&self) -> bool {
        self.new.hash != self.before.hash
    }

    fn sentence(&self) -> String {
        let Bytes { name, hash, .. } = &self.new;
        let hash = hash.get(..12).unwrap_or(hash);
        format!("{name} ({hash}) was stopped in each of its first calls and is left; {} runs", self.before.name)
    }

    /// Compiles what is to run, after the verdict on the new component. Compiling blocks for seconds, before anything
    /// else runs.
    pub(crate) async fn run(&self, registry: &Registry) -> Result<Running, ComponentError> {
        let before = || self.before.compile(&self.limits, self.compiled_code.as_deref());
        let verdict = if self.is_new() { registry.verdict(&self.new.hash).await? } else { Some(Verdict::Works) };
        let sentence = self.sentence();
        if verdict == Some(Verdict::Left) {
            let (_, left) = watch::channel(Some(Left { sentence, is_news: false }));
            return Ok(Running { engine: before()?, trial: None, left });
        }
        let engine = self.compile()?;
        let (news, left) = watch::channel(None);
        if verdict.is_some() {
            return Ok(Running { engine, trial: None, left });
        }
        let kept = Kept { registry: registry.clone(), component: self.new.hash.clone(), sentence, news };
        let trial = Some(Arc::new(Trial::new(before()?, Arc::new(kept))));
        Ok(Running { engine, trial, left })
    }

    /// Asks a component on trial about the first schools, so that one that is older than what is stored is found before it
    /// runs. Nothing is changed.
    pub(crate) async fn check(&self, registry: &Registry, schools: &OpenSchools) -> Result<(), ComponentError> {
        for (school, registered) in registry.list(None, ASKED).await? {
            if schools.is_ahead(&school) {
                continue;
            }
            let query = StatusQuery::Page(StatusPage { after: None, limit: 1 });
            let asked = schools.open(&school, &registered).school.statuses(query).await;
            if let Err(CallFailure::Refused(CallError::UnreadableState(why))) = asked {
                let why = host::visible::visible(&why.chars().take(200).collect::<String>());
                return Err(ComponentError::Older { component: self.new.name.clone(), school, why });
            }
        }
        Ok(())
    }
}

impl Bytes {
    fn read(path: Option<&Path>, own: &'static [u8]) -> Result<Self, ComponentError> {
        let (name, content) = match path {
            None => ("the program's own component".to_owned(), Cow::Borrowed(own)),
            Some(path) => {
                let shown = path.display().to_string();
                let bytes = std::fs::read(path).map_err(|error| ComponentError::File(shown.clone(), error))?;
                (format!("the component {shown}"), Cow::Owned(bytes))
            }
        };
        let hash = HEXLOWER.encode(&Sha256::digest(&content));
        Ok(Self { name, content, hash })
    }

    fn compile(&self, limits: &Limits, compiled_code: Option<&Path>) -> Result<Engine, ComponentError> {
        let engine = Engine::new(&self.content, limits.clone(), compiled_code);
        engine.map_err(|error| ComponentError::Unfit(self.name.clone(), error))
    }
}

/// Keeps the verdict on one component in the registry.
struct Kept {
    registry: Registry,
    component: String,
    sentence: String,
    news: watch::Sender<Option<Left>>,
}

#[async_trait]
impl Verdicts for Kept {
    async fn give(&self, verdict: Verdict) -> Result<Verdict, StoreError> {
        let (stands, is_news) = self.registry.give_verdict(&self.component, verdict).await?;
        if stands == Verdict::Left {
            self.news.send_replace(Some(Left { sentence: self.sentence.clone(), is_news }));
        }
        Ok(stands)
    }
}

/// What the operator is to hear of a component that was left; none: none was.
pub(crate) fn sentence(left: &LeftComponent) -> Option<String> {
    left.borrow().as_ref().map(|left| left.sentence.clone())
}

/// Waits until a component is left, and tells the operator: in the log and the metric at every start, by mail once, from
/// the process that left it. Every school gets a tick, because what failed may be done now.
pub(crate) async fn tell(service: Service) {
    let mut left = service.left_component().clone();
    let Ok(Left { sentence, is_news }) =
        left.wait_for(Option::is_some).await.map(|left| left.clone().unwrap_or_default())
    else {
        return;
    };
    tracing::error!(sentence, "a new component was left; the one before runs");
    service.metrics().component_left.set(1);
    for school in service.runs().schools() {
        service.runs().wake(&school, Wake::Changed, &service);
    }
    if is_news {
        let id = HEXLOWER.encode(&Sha256::digest(format!("component left: {sentence}")));
        service.mailing().tell_operator(&id, "A new component was left", &sentence).await;
    }
}
