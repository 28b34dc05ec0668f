//! Addresses of sockets, as parameters carry them and as names show them.

/// Appends the text of a socket tuple parameter.
pub fn tuple_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let _ = (out, bytes);
}

/// Appends the text of a socket address parameter.
pub fn sockaddr_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let _ = (out, bytes);
}
