//! containerd at its socket: its containers of every namespace enter, descriptions leave. Pods of its plugin for Kubernetes are
//! described by that plugin if it answers; until then containerd's own description of them is sent, and nothing else.

use std::time::Duration;

use prost::Message;
use serde_json::Value;
use tokio::time::sleep;

use super::cri::Cri;
use super::description::{ENTRIES, Facts};
use super::grpc::{Client, Failed};
use super::messages::containerd::{
    Any, Container, ContainerAnswer, Envelope, Id, ImageAnswer, Namespaces, Nothing, Subscription,
};
use super::sender::{Rank, Sender};
use super::{MOST, json, oci};

/// The namespace of Docker, whose own socket provides more.
const DOCKER: &str = "moby";
/// What says that a container belongs to a pod, and as what.
const KIND: &str = "io.cri-containerd.kind";
/// How often the plugin is asked again for a container that it does not know yet, and after which pauses.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(10);
/// Events after which a container is looked at.
const TOPICS: [&str; 3] = ["/containers/create", "/containers/update", "/tasks/start"];

/// A containerd that answers.
pub(super) struct Containerd {
    client: Client,
    namespaces: Vec<String>,
}

impl Containerd {
    /// Asks whether there is a containerd at the other end.
    pub(super) async fn find(client: &Client) -> Option<Containerd> {
        let method = "containerd.services.namespaces.v1.Namespaces/List";
        let answer: Namespaces = client.ask(method, "", &Nothing {}).await.ok()?;
        let namespaces = answer.namespaces.into_iter().map(|namespace| namespace.name).collect();
        Some(Containerd { client: client.clone(), namespaces })
    }

    /// Describes the containers that there are, and then each that comes, until containerd does not answer any more.
    pub(super) async fn follow(&self, cri: Option<&Cri>, sender: &Sender) -> Result<(), Failed> {
        // The events are asked for first: what comes between the lists and them would otherwise be missed.
        let filters = TOPICS.iter().map(|topic| format!("topic==\"{topic}\"")).collect();
        let method = "containerd.services.events.v1.Events/Subscribe";
        let mut events = self.client.subscribe(method, "", &Subscription { filters }).await?;
        let mut left = MOST;
        for namespace in self.namespaces.iter().filter(|name| *name != DOCKER).take(MOST) {
            let method = "containerd.services.containers.v1.Containers/ListStream";
            let mut list = self.client.subscribe(method, namespace, &Nothing {}).await?;
            while left > 0
                && let Some(answer) = list.next_in_time::<ContainerAnswer>().await?
            {
                left -= 1;
                self.describe(cri, namespace, answer.container, sender).await;
            }
        }
        while let Some(event) = events.next::<Envelope>().await? {
            // All of these events name their container first.
            let named = event.event.and_then(|Any { value }| Id::decode(&*value).ok());
            if let Some(question) = named.filter(|_| event.namespace != DOCKER) {
                let method = "containerd.services.containers.v1.Containers/Get";
                // A container that has gone is no reason to end.
                if let Ok(answer) =
                    self.client.ask::<ContainerAnswer>(method, &event.namespace, &question).await
                {
                    self.describe(cri, &event.namespace, answer.container, sender).await;
                }
            }
        }
        Ok(())
    }

    async fn describe(
        &self,
        cri: Option<&Cri>,
        namespace: &str,
        container: Option<Container>,
        sender: &Sender,
    ) {
        let Some(container) = container else { return };
        let digest = self.digest(namespace, &container.image).await.unwrap_or_default();
        let text = description(&container, &digest);
        let (Some(cri), Some(kind)) = (cri, container.labels.get(KIND)) else {
            // Of what belongs to no pod containerd itself knows most.
            let rank = if container.labels.contains_key(KIND) { Rank::Record } else { Rank::Engine };
            return sender.send(rank, &container.id, text);
        };
        for attempt in 0..=TRIES {
            let described = match kind.as_str() {
                "sandbox" => cri.pod(&container.id).await,
                _ => cri.container(&container.id).await,
            };
            match described {
                Ok(described) => return sender.send(Rank::Engine, &container.id, described),
                Err(_) if attempt == 0 => sender.send(Rank::Record, &container.id, text.clone()),
                Err(_) => {}
            }
            // A sandbox is known when it runs, and that is another event.
            if kind == "sandbox" {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    /// The digest of an image.
    async fn digest(&self, namespace: &str, image: &str) -> Option<String> {
        let method = "containerd.services.images.v1.Images/Get";
        let question = Id { id: image.to_owned() };
        let answer: ImageAnswer = self.client.ask(method, namespace, &question).await.ok()?;
        Some(answer.image?.target?.digest)
    }
}

/// What containerd itself knows of a container.
fn description(container: &Container, digest: &str) -> String {
    let spec = container.spec.as_ref().and_then(|spec| json::parse(&spec.value).ok());
    let spec: Value = spec.unwrap_or_default();
    let facts = oci::of_containerd(&container.id, &spec);
    let image = if container.image.is_empty() { facts.image } else { &container.image };
    // Those of a pod's container are partly its image's; the plugin for Kubernetes says which are its own.
    let own = container.labels.iter().filter(|_| !container.labels.contains_key(KIND)).take(ENTRIES);
    let own = own.map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    let labels = facts.labels.clone().into_iter().chain(own).collect();
    let name = container.labels.get("nerdctl/name").map_or(facts.name, String::as_str);
    let created = container.created.as_ref().map_or(0, |time| time.seconds);
    Facts { name, image, digest, labels, created, ..facts }.json()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::super::messages::containerd::Timestamp;
    use super::*;

    #[test]
    fn records_become_descriptions() {
        let spec = r#"{"process":{"user":{"uid":7},"env":["A=1"]},"linux":{"namespaces":[{"type":"pid"}]}}"#;
        let record = Container {
            id: "a-name-that-is-long".to_owned(),
            labels: HashMap::from([("app".to_owned(), "shop".to_owned())]),
            image: "reg:5000/box:7".to_owned(),
            spec: Some(Any { value: spec.into() }),
            created: Some(Timestamp { seconds: 9 }),
        };
        let described = |record: &Container| -> Value {
            let text = description(record, "sha256:ab");
            serde_json::from_str::<Value>(&text).expect("JSON")["container"].clone()
        };
        let found = described(&record);
        for (key, value) in [
            ("type", json!(7)),
            ("id", json!("a-name-that-")),
            ("full_id", json!("a-name-that-is-long")),
            ("name", json!("a-name-that-")),
            ("imagerepo", json!("reg:5000/box")),
            ("imagetag", json!("7")),
            ("imagedigest", json!("sha256:ab")),
            ("labels", json!({"app": "shop"})),
            ("User", json!("7")),
            ("env", json!(["A=1"])),
            ("host_pid", json!(false)),
            ("host_network", json!(true)),
            ("created_time", json!(9)),
        ] {
            assert_eq!(found[key], value, "{key}");
        }
        let broken = Container { spec: Some(Any { value: b"{".to_vec() }), ..record };
        assert_eq!(described(&broken)["env"], json!([]));
    }
}
