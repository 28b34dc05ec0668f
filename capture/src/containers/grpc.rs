//! gRPC over a socket of the host: methods and questions enter, answers leave. What an engine answers is bounded in size and
//! time, and knows nothing of containers here.

use std::path::Path;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use h2::RecvStream;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use prost::Message;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long an engine may take to answer a question.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest message that is read: as long as most clients of gRPC take, and short enough that a message of only empty entries
/// does not become a hundred times its length.
const LONGEST: usize = 4 << 20;
/// Longest head or trailers of an answer.
const HEAD: u32 = 64 << 10;
/// What stands before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// The part of a message that may be under way before it is read.
const WINDOW: u32 = 1 << 20;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failed {
    /// The engine refuses, with this status of gRPC.
    #[error("refused with status {0}")]
    Refused(u32),
    /// The engine does not answer, or with something else than an answer.
    #[error("no answer")]
    Silent,
}

impl From<h2::Error> for Failed {
    fn from(_: h2::Error) -> Failed {
        Failed::Silent
    }
}

/// A connection. It ends with the runtime that it was made in.
#[derive(Clone)]
pub(super) struct Client {
    sender: SendRequest<Bytes>,
}

impl Client {
    /// Connects to an engine, inside of a runtime.
    pub(super) async fn connect(path: &Path) -> Result<Client, Failed> {
        let connecting = async {
            let stream = UnixStream::connect(path).await.map_err(|_| Failed::Silent)?;
            let mut settings = h2::client::Builder::new();
            settings.initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
            settings.max_header_list_size(HEAD).enable_push(false);
            let (sender, connection) = settings.handshake::<_, Bytes>(stream).await?;
            // The connection's own work; that it has ended shows in the next question.
            tokio::spawn(async {
                let _ = connection.await;
            });
            Ok(Client { sender })
        };
        timeout(PATIENCE, connecting).await.unwrap_or(Err(Failed::Silent))
    }

    /// Asks for one answer. `namespace` is that of containerd.
    pub(super) async fn ask<A: Message + Default>(
        &self,
        method: &'static str,
        namespace: &str,
        question: &impl Message,
    ) -> Result<A, Failed> {
        let asking = async {
            let mut answers = self.subscribe(method, namespace, question).await?;
            answers.next().await?.ok_or(Failed::Silent)
        };
        timeout(PATIENCE, asking).await.unwrap_or(Err(Failed::Silent))
    }

    /// Asks for answers that come one by one, when there are any.
    pub(super) async fn subscribe(
        &self,
        method: &'static str,
        namespace: &str,
        question: &impl Message,
    ) -> Result<Answers, Failed> {
        let mut request = Request::post(format!("http://localhost/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if !namespace.is_empty() {
            request = request.header("containerd-namespace", namespace);
        }
        let request = request.body(()).map_err(|_| Failed::Silent)?;
        let mut sender =
            timeout(PATIENCE, self.sender.clone().ready()).await.map_err(|_| Failed::Silent)??;
        let (response, mut body) = sender.send_request(request, false)?;
        let message = question.encode_to_vec();
        let length = u32::try_from(message.len()).map_err(|_| Failed::Silent)?;
        body.send_data([&[0][..], &length.to_be_bytes(), &message].concat().into(), true)?;
        Ok(Answers { response: Some(response), body: None, bytes: BytesMut::new() })
    }
}

/// The answers to one question.
pub(super) struct Answers {
    /// The head of all answers. Servers may send it as late as the first answer.
    response: Option<ResponseFuture>,
    body: Option<RecvStream>,
    /// What has come of the next one.
    bytes: BytesMut,
}

impl Answers {
    /// The next answer, as long as an engine may take for one that it has; `None` at the end.
    pub(super) async fn next_in_time<A: Message + Default>(&mut self) -> Result<Option<A>, Failed> {
        timeout(PATIENCE, self.next()).await.unwrap_or(Err(Failed::Silent))
    }

    /// The next answer, however long it takes; `None` at the end. Nothing is lost where the waiting is given up.
    pub(super) async fn next<A: Message + Default>(&mut self) -> Result<Option<A>, Failed> {
        if let Some(response) = &mut self.response {
            let response = response.await?;
            self.response = None;
            // An answer without messages has its status among the headers.
            status(response.headers())?;
            self.body = Some(response.into_body());
        }
        loop {
            if let Some(message) = self.whole()? {
                return A::decode(message).map(Some).map_err(|_| Failed::Silent);
            }
            let Some(body) = &mut self.body else { return Ok(None) };
            let Some(part) = body.data().await else { break };
            let part = part?;
            body.flow_control().release_capacity(part.len())?;
            self.bytes.extend_from_slice(&part);
        }
        if let Some(body) = &mut self.body
            && let Some(trailers) = body.trailers().await?
        {
            status(&trailers)?;
        }
        Ok(None)
    }

    /// The first message of what has come, once all of it is there.
    fn whole(&mut self) -> Result<Option<Bytes>, Failed> {
        let Some(&[compressed, a, b, c, d]) = self.bytes.first_chunk::<PREFIX>() else { return Ok(None) };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        // Nobody was asked to compress.
        if compressed != 0 || length > LONGEST {
            return Err(Failed::Silent);
        }
        if self.bytes.len() < PREFIX + length {
            return Ok(None);
        }
        self.bytes.advance(PREFIX);
        Ok(Some(self.bytes.split_to(length).freeze()))
    }
}

/// What headers say of the outcome; nothing if it follows later.
fn status(headers: &HeaderMap) -> Result<(), Failed> {
    let Some(value) = headers.get("grpc-status") else { return Ok(()) };
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(0) => Ok(()),
        Some(code) => Err(Failed::Refused(code)),
        None => Err(Failed::Silent),
    }
}
