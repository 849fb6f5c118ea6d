//! The import `email`. Only translates; templates, addresses and the hourly limit live behind the unit of work.

use super::Call;
use crate::bindings::gegi::coursekey::email::{EmailError, Host, Message};

impl Host for Call {
    async fn queue(&mut self, message: Message) -> wasmtime::Result<Result<(), EmailError>> {
        Ok(self.unit.queue(message))
    }
}
