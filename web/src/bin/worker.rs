//! The worker: owns the engine and answers the page.

fn main() {
    extentscope_web::worker::start();
}
