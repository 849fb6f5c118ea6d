//! The import `email`. Refuses a mail that could never leave: a mail with an unknown template, or with a recipient
//! that is no address. Not here: the limit of mails an hour (`store/unit.rs`).

use lettre::Address;

use super::Call;
use crate::bindings::gegi::coursekey::email::{self, EmailError, Host};
use crate::email::is_template;
use crate::gegi::Message;

impl Host for Call {
    async fn queue(&mut self, message: email::Message) -> wasmtime::Result<Result<(), EmailError>> {
        let message = Message::from(message);
        Ok(check(&message).and_then(|()| self.unit.queue(message)))
    }
}

fn check(message: &Message) -> Result<(), EmailError> {
    if !is_template(&message.template) {
        return Err(EmailError::UnknownTemplate(message.template.clone()));
    }
    // The reason does not contain the address, because reasons are logged.
    message.recipient.parse::<Address>().map(|_| ()).map_err(|problem| EmailError::BadRecipient(problem.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_template_to_an_address_is_queued() {
        let judge = |template: &str, recipient: &str| {
            let (template, recipient) = (template.to_owned(), recipient.to_owned());
            check(&Message { template, recipient, variables: Vec::new() })
        };
        assert_eq!(judge("synchronization-issues", "errors@example.edu"), Ok(()));
        assert_eq!(judge("greetings", "errors@example.edu"), Err(EmailError::UnknownTemplate("greetings".to_owned())));
        assert!(matches!(judge("synchronization-issues", "the registrar"), Err(EmailError::BadRecipient(_))));
    }
}
