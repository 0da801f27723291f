//! A file in the browser's private file system, held open as long as the worker lives.
//!
//! Opening waits for promises; everything after that is synchronous (`FileSystemSyncAccessHandle`).

use extentscope_core::base::Errno;
use extentscope_core::dev::file::ByteFile;
use gloo::timers::future::TimeoutFuture;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DedicatedWorkerGlobalScope, DomException, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use crate::protocol::HELD;

/// The file's name.
const NAME: &str = "extentscope.img";
/// How often a file that somebody else holds is asked for again, and how long is waited in between.
const TRIES: u32 = 20;
const WAIT_MS: u32 = 100;

/// The open file. It is closed when it is dropped.
struct OpfsFile(FileSystemSyncAccessHandle);

/// Opens the file, made when it is not there. One that another page holds is waited for, two seconds long.
///
/// # Errors
/// In words for the viewer: what stands in the way, and what can be done.
pub async fn open() -> Result<Box<dyn ByteFile>, String> {
    let mut tries = 0;
    loop {
        match try_open().await {
            Ok(handle) => return Ok(Box::new(OpfsFile(handle))),
            Err(error) if is_named(&error, "NoModificationAllowedError") && tries < TRIES => {
                tries += 1;
                TimeoutFuture::new(WAIT_MS).await;
            }
            Err(error) if is_named(&error, "NoModificationAllowedError") => {
                return Err(HELD.to_owned());
            }
            Err(error) => return Err(said(error)),
        }
    }
}

/// What the file holds now, whoever has it open.
///
/// # Errors
/// In words for the viewer.
pub async fn copy() -> Result<Box<dyn ByteFile>, String> {
    let bytes = try_copy().await.map_err(said)?;
    Ok(Box::new(bytes))
}

fn said(error: JsValue) -> String {
    let text = error.dyn_ref::<DomException>().map(DomException::message);
    let text = text.or_else(|| js_sys::JsString::from(error).as_string()).unwrap_or_default();
    format!("This browser gives no private storage here: {text}. Go on in memory.")
}

async fn try_copy() -> Result<Vec<u8>, JsValue> {
    let file: Blob = JsFuture::from(find().await?.get_file()).await?.dyn_into()?;
    let buffer = JsFuture::from(file.array_buffer()).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

async fn find() -> Result<FileSystemFileHandle, JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let root: FileSystemDirectoryHandle =
        JsFuture::from(scope.navigator().storage().get_directory()).await?.dyn_into()?;
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    JsFuture::from(root.get_file_handle_with_options(NAME, &options)).await?.dyn_into()
}

async fn try_open() -> Result<FileSystemSyncAccessHandle, JsValue> {
    let file = find().await?;
    // The binding would let an exception of an old browser through as a panic.
    let create: Function = Reflect::get(&file, &JsValue::from("createSyncAccessHandle"))?.dyn_into()?;
    let promise: Promise = create.call0(&file)?.dyn_into()?;
    JsFuture::from(promise).await?.dyn_into()
}

fn is_named(error: &JsValue, name: &str) -> bool {
    error.dyn_ref::<DomException>().is_some_and(|error| error.name() == name)
}

fn errno(error: &JsValue) -> Errno {
    if is_named(error, "QuotaExceededError") { Errno::ENOSPC } else { Errno::EIO }
}

/// A position as the interface wants it. Devices are far smaller than what a double holds exactly.
#[expect(clippy::cast_precision_loss, reason = "positions are below 2^53")]
fn place(at: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(at as f64);
    options
}

/// All of the bytes were moved.
#[expect(clippy::cast_precision_loss, reason = "a buffer is below 2^53")]
fn whole(moved: f64, len: usize, short: Errno) -> Result<(), Errno> {
    if moved >= len as f64 { Ok(()) } else { Err(short) }
}

impl ByteFile for OpfsFile {
    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), Errno> {
        let len = to.len();
        let moved = self.0.read_with_u8_array_and_options(to, &place(at)).map_err(|error| errno(&error))?;
        whole(moved, len, Errno::EIO)
    }
    fn write_at(&mut self, at: u64, from: &[u8]) -> Result<(), Errno> {
        let moved = self.0.write_with_u8_array_and_options(from, &place(at)).map_err(|error| errno(&error))?;
        whole(moved, from.len(), Errno::ENOSPC)
    }
    fn sync(&mut self) -> Result<(), Errno> {
        self.0.flush().map_err(|error| errno(&error))
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size is a whole number, not negative"
    )]
    fn size(&self) -> Result<u64, Errno> {
        self.0.get_size().map(|size| size as u64).map_err(|error| errno(&error))
    }
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^53")]
    fn resize(&mut self, bytes: u64) -> Result<(), Errno> {
        self.0.truncate_with_f64(bytes as f64).map_err(|error| errno(&error))
    }
}

impl Drop for OpfsFile {
    fn drop(&mut self) {
        self.0.close();
    }
}
