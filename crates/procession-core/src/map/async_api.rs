//! What a module publishes and takes, as an AsyncAPI 3.0 document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{HandlerKind, HandlerMap, ModuleMap, ProcessMap, Trigger, escape};
use crate::MessageType;

/// An AsyncAPI 3.0 document of one module. Written as JSON, it is what AsyncAPI's tools read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AsyncApi {
    asyncapi: &'static str,
    info: Info,
    default_content_type: &'static str,
    channels: BTreeMap<String, Channel>,
    operations: BTreeMap<String, Operation>,
    components: Components,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Info {
    title: &'static str,
    version: &'static str,
    description: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Channel {
    address: String,
    messages: BTreeMap<String, Reference>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Operation {
    action: Action,
    channel: Reference,
    messages: [Reference; 1],
    summary: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Send,
    Receive,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Components {
    messages: BTreeMap<String, MessageObject>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageObject {
    name: &'static str,
    title: String,
    content_type: &'static str,
    tags: [Tag; 1],
    #[serde(rename = "x-schema-version")]
    schema_version: u16,
    /// What the attribute `type` is when the message travels as a CloudEvent.
    #[serde(rename = "x-cloudevents-type")]
    cloud_events_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Tag {
    name: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Reference {
    #[serde(rename = "$ref")]
    to: String,
}

impl ProcessMap {
    /// What a module publishes and takes, as an AsyncAPI 3.0 document: it sends its public events and the commands for
    /// other modules, and receives the commands that it handles and the events of others. None if there is no such
    /// module.
    ///
    /// A module has no version of its own: each message carries the version of its shape, as `x-schema-version`.
    #[must_use]
    pub fn to_async_api(&self, module: &str) -> Option<AsyncApi> {
        let module = self.modules.iter().find(|it| it.name == module)?;
        let mut document = AsyncApi::titled(module.name);
        for event in module.public_events() {
            document.add(Action::Send, Kind::Event, Some(module), event);
        }
        for command in module.handlers.iter().flat_map(|it| self.foreign_commands(module, it)) {
            document.add(Action::Send, Kind::Command, self.handler_of(command), command);
        }
        for handler in &module.handlers {
            match handler.trigger {
                Trigger::Command => {
                    document.add(Action::Receive, Kind::Command, Some(module), handler.takes);
                }
                Trigger::Event if self.recorder_of(handler.takes) != Some(module) => {
                    let recorder = self.recorder_of(handler.takes);
                    document.add(Action::Receive, Kind::Event, recorder, handler.takes);
                }
                Trigger::Event | Trigger::Rejection | Trigger::Timeout => {}
            }
        }
        Some(document)
    }

    fn foreign_commands<'a>(
        &'a self,
        module: &'a ModuleMap,
        handler: &'a HandlerMap,
    ) -> impl Iterator<Item = MessageType> + 'a {
        let is_sent = |it: &&crate::Emission| it.kind.is_command() && it.kind != crate::EmissionKind::Cancels;
        let commands = handler.emits.iter().filter(is_sent).map(|it| it.message);
        commands.filter(|it| self.handler_of(*it).is_some_and(|handler| handler.name != module.name))
    }

    fn handler_of(&self, command: MessageType) -> Option<&ModuleMap> {
        let decides = |it: &HandlerMap| it.kind == HandlerKind::Decider && it.takes == command;
        self.modules.iter().find(|it| it.handlers.iter().any(decides))
    }

    /// The module that records or publishes an event; none if it comes from outside.
    fn recorder_of(&self, event: MessageType) -> Option<&ModuleMap> {
        let emits = |it: &HandlerMap| it.emits.iter().any(|it| !it.kind.is_command() && it.message == event);
        self.modules.iter().find(|it| it.handlers.iter().any(emits))
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Command,
    Event,
}

impl AsyncApi {
    fn titled(module: &'static str) -> Self {
        Self {
            asyncapi: "3.0.0",
            info: Info {
                title: module,
                version: "1.0.0",
                description: format!("What the module {module} publishes and takes."),
            },
            default_content_type: "application/json",
            channels: BTreeMap::new(),
            operations: BTreeMap::new(),
            components: Components { messages: BTreeMap::new() },
        }
    }

    fn add(&mut self, action: Action, kind: Kind, owner: Option<&ModuleMap>, message: MessageType) {
        let address = match owner {
            Some(module) => format!("{}.{}", escape::id(module.name), escape::id(message.name)),
            None => escape::id(message.name),
        };
        let (id, name) = (escape::id(message.name), message.name);
        let (tag, summary) = match (action, kind) {
            (Action::Send, Kind::Command) => ("command", format!("Asks for {name}.")),
            (Action::Send, Kind::Event) => ("event", format!("Tells of {name}.")),
            (Action::Receive, Kind::Command) => ("command", format!("Handles {name}.")),
            (Action::Receive, Kind::Event) => ("event", format!("Reacts to {name}.")),
        };
        let verb = if action == Action::Send { "send" } else { "receive" };
        self.operations.insert(
            format!("{verb}{id}"),
            Operation {
                action,
                channel: Reference { to: format!("#/channels/{address}") },
                messages: [Reference { to: format!("#/channels/{address}/messages/{id}") }],
                summary,
            },
        );
        let part = Reference { to: format!("#/components/messages/{id}") };
        let messages = BTreeMap::from([(id.clone(), part)]);
        self.channels.insert(address.clone(), Channel { address: address.clone(), messages });
        self.components.messages.insert(
            id,
            MessageObject {
                name,
                title: sentence(name),
                content_type: "application/json",
                tags: [Tag { name: tag }],
                schema_version: message.schema_version,
                cloud_events_type: address,
            },
        );
    }
}

/// `RoomCleaned` as people say it: "Room cleaned".
fn sentence(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}
