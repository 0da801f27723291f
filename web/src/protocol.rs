//! What the page and the worker say to each other, as postcard records.
//!
//! Both sides are built together. A page that meets a worker of another build (an old copy in a cache) learns it
//! from [`VERSION`], which the worker announces before anything else.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Raised with every change of the records below.
pub const VERSION: u32 = 1;

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Are you there? Answered by [`Reply::Pong`] with the same number.
    Ping(u32),
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The answer to [`Request::Ping`].
    Pong(u32),
}

/// The bytes of one message.
///
/// # Panics
/// Never for the records of this module: they hold nothing that postcard refuses.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_allocvec(message).expect("our records hold nothing that postcard refuses")
}

/// The message in `bytes`, or why they are none.
///
/// # Errors
/// When the bytes are not a record of type `T`: the two sides are of different builds.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| format!("a message of {} bytes cannot be read: {error}", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way() {
        let request = Request::Ping(7);
        assert_eq!(decode::<Request>(&encode(&request)), Ok(request));
    }

    #[test]
    fn bytes_of_another_build_are_an_error_and_name_their_length() {
        let error = decode::<Request>(&[250, 250]).unwrap_err();
        assert!(error.contains("2 bytes"), "{error}");
    }
}
