//! Messages of containerd's services and of the Container Runtime Interface (CRI), as far as they are read here: the numbers of
//! fields are those of containerd's `api/` and of `k8s.io/cri-api` (runtime/v1/api.proto). Other fields are skipped.

use std::collections::HashMap;

use prost::Message;

/// Of containerd.
pub(super) mod containerd {
    use super::{HashMap, Message};

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Nothing {}

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Namespace {
        #[prost(string, tag = "1")]
        pub name: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Namespaces {
        #[prost(message, repeated, tag = "1")]
        pub namespaces: Vec<Namespace>,
    }

    /// google.protobuf.Any.
    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Any {
        #[prost(bytes = "vec", tag = "2")]
        pub value: Vec<u8>,
    }

    /// google.protobuf.Timestamp.
    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Timestamp {
        #[prost(int64, tag = "1")]
        pub seconds: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Container {
        #[prost(string, tag = "1")]
        pub id: String,
        #[prost(map = "string, string", tag = "2")]
        pub labels: HashMap<String, String>,
        #[prost(string, tag = "3")]
        pub image: String,
        /// The OCI configuration as JSON.
        #[prost(message, optional, tag = "5")]
        pub spec: Option<Any>,
        #[prost(message, optional, tag = "8")]
        pub created: Option<Timestamp>,
    }

    /// What has an id or a name alone: questions for a container and for an image, events of containers and of tasks.
    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Id {
        #[prost(string, tag = "1")]
        pub id: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ContainerAnswer {
        #[prost(message, optional, tag = "1")]
        pub container: Option<Container>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Descriptor {
        #[prost(string, tag = "2")]
        pub digest: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Image {
        #[prost(message, optional, tag = "3")]
        pub target: Option<Descriptor>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ImageAnswer {
        #[prost(message, optional, tag = "1")]
        pub image: Option<Image>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Subscription {
        #[prost(string, repeated, tag = "1")]
        pub filters: Vec<String>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Envelope {
        #[prost(string, tag = "2")]
        pub namespace: String,
        #[prost(message, optional, tag = "4")]
        pub event: Option<Any>,
    }
}

/// Of the CRI.
pub(super) mod cri {
    use super::{HashMap, Message};

    /// A question that needs no words.
    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Nothing {}

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Version {
        #[prost(string, tag = "2")]
        pub runtime_name: String,
    }

    /// An entry of a list of containers or of pods.
    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Listed {
        #[prost(string, tag = "1")]
        pub id: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct List {
        #[prost(message, repeated, tag = "1")]
        pub entries: Vec<Listed>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ListedContainer {
        #[prost(string, tag = "1")]
        pub id: String,
        #[prost(string, tag = "2")]
        pub sandbox_id: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ContainerList {
        #[prost(message, repeated, tag = "1")]
        pub containers: Vec<ListedContainer>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Filter {
        #[prost(string, tag = "1")]
        pub id: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ContainersQuestion {
        #[prost(message, optional, tag = "1")]
        pub filter: Option<Filter>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct StatusQuestion {
        #[prost(string, tag = "1")]
        pub id: String,
        #[prost(bool, tag = "2")]
        pub verbose: bool,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ContainerMetadata {
        #[prost(string, tag = "1")]
        pub name: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Image {
        #[prost(string, tag = "1")]
        pub image: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Mount {
        #[prost(string, tag = "1")]
        pub container_path: String,
        #[prost(string, tag = "2")]
        pub host_path: String,
        #[prost(bool, tag = "3")]
        pub readonly: bool,
        #[prost(int32, tag = "5")]
        pub propagation: i32,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct LinuxUser {
        #[prost(int64, tag = "1")]
        pub uid: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct User {
        #[prost(message, optional, tag = "1")]
        pub linux: Option<LinuxUser>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Container {
        #[prost(string, tag = "1")]
        pub id: String,
        #[prost(message, optional, tag = "2")]
        pub metadata: Option<ContainerMetadata>,
        /// Nanoseconds.
        #[prost(int64, tag = "4")]
        pub created: i64,
        #[prost(message, optional, tag = "8")]
        pub image: Option<Image>,
        #[prost(string, tag = "9")]
        pub image_ref: String,
        #[prost(map = "string, string", tag = "12")]
        pub labels: HashMap<String, String>,
        #[prost(message, repeated, tag = "14")]
        pub mounts: Vec<Mount>,
        #[prost(string, tag = "17")]
        pub image_id: String,
        #[prost(message, optional, tag = "18")]
        pub user: Option<User>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct ContainerStatus {
        #[prost(message, optional, tag = "1")]
        pub status: Option<Container>,
        #[prost(map = "string, string", tag = "2")]
        pub info: HashMap<String, String>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct PodMetadata {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "2")]
        pub uid: String,
        #[prost(string, tag = "3")]
        pub namespace: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct PodNetwork {
        #[prost(string, tag = "1")]
        pub ip: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct NamespaceOptions {
        #[prost(int32, tag = "1")]
        pub network: i32,
        #[prost(int32, tag = "2")]
        pub pid: i32,
        #[prost(int32, tag = "3")]
        pub ipc: i32,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Namespaces {
        #[prost(message, optional, tag = "2")]
        pub options: Option<NamespaceOptions>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct LinuxPod {
        #[prost(message, optional, tag = "1")]
        pub namespaces: Option<Namespaces>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Pod {
        #[prost(string, tag = "1")]
        pub id: String,
        #[prost(message, optional, tag = "2")]
        pub metadata: Option<PodMetadata>,
        /// Nanoseconds.
        #[prost(int64, tag = "4")]
        pub created: i64,
        #[prost(message, optional, tag = "5")]
        pub network: Option<PodNetwork>,
        #[prost(message, optional, tag = "6")]
        pub linux: Option<LinuxPod>,
        #[prost(map = "string, string", tag = "7")]
        pub labels: HashMap<String, String>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct PodStatus {
        #[prost(message, optional, tag = "1")]
        pub status: Option<Pod>,
        #[prost(map = "string, string", tag = "2")]
        pub info: HashMap<String, String>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Event {
        #[prost(string, tag = "1")]
        pub container_id: String,
    }
}
