//! The span of a call, in which everything that is logged meanwhile stands, and its line in the log when it has ended. Not
//! here: what is measured (`meter`).

use tracing::Span;
use tracing::field::Empty;

use crate::observer::{EndedCall, Export};
use crate::store::SchoolId;

/// The span of a call that begins. Its level is that of the gravest line, because a line that shows at all has to say of
/// which school it is.
pub(super) fn begin(school: &SchoolId, export: Export) -> Span {
    tracing::error_span!(
        "call",
        %school,
        export = export.name(),
        ending = Empty,
        took_micros = Empty,
        processor_micros = Empty,
        memory_bytes = Empty,
        requests = Empty,
        storage_operations = Empty,
    )
}

/// Writes into the span how its call ended, and logs the span: ticks at info level; short calls, of which somebody who
/// looks at pages makes many, at debug level.
pub(super) fn end(span: &Span, call: &EndedCall<'_>) {
    let micros = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    span.record("ending", call.ending.name());
    span.record("took_micros", micros(call.took));
    if let Some(processor) = call.cost.processor {
        span.record("processor_micros", micros(processor));
    }
    span.record("memory_bytes", call.cost.memory_bytes);
    span.record("requests", call.cost.requests);
    span.record("storage_operations", call.cost.storage_operations);
    span.in_scope(|| {
        if call.export == Export::Tick {
            tracing::info!("the call ended");
        } else {
            tracing::debug!("the call ended");
        }
    });
}
