//! The page's own thread: mounts the application over the static first paint.

fn main() {
    console_error_panic_hook::set_once();
    extentscope_web::app::mount();
}
