//! Gzip, bounded: compressed bytes in, plain bytes out, never more than a limit. Bytes that are not gzip pass through.

use super::DataFault;
use crate::diag::codes::data as codes;
use std::borrow::Cow;
use std::io::Read;

/// The most that a compressed file may hold: 2 GiB.
pub const LIMIT: u64 = 2 << 30;

/// The plain bytes of a file. E0613 when the compressed data is damaged or stops early, E0615 above `limit` bytes.
pub fn inflate<'a>(file: &str, bytes: &'a [u8], limit: u64) -> Result<Cow<'a, [u8]>, Box<DataFault>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut plain = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limit + 1);
    match reader.read_to_end(&mut plain) {
        Ok(_) if plain.len() as u64 > limit => {
            let message = format!("the compressed file holds more than {limit} bytes");
            Err(DataFault::new(&codes::E0615, file, message).help("split the file, or load a part of it"))
        }
        Ok(_) => Ok(Cow::Owned(plain)),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            let message = format!("the compressed data stops early, after {} plain bytes", plain.len());
            Err(DataFault::new(&codes::E0613, file, message).help("the file is incomplete: copy or download it again"))
        }
        Err(error) => {
            let message = format!("the compressed data is damaged ({error})");
            Err(DataFault::new(&codes::E0613, file, message).help("copy or download the file again"))
        }
    }
}
