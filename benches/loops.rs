//! What a round of a loop costs beyond its arithmetic: `cargo bench --bench loops`. Prints nanoseconds per round.

use loss::session::{Options, Recorder, Session};
use loss::world::RealWorld;
use std::time::Instant;

const PROGRAMS: [(&str, &str, u32); 2] = [
    ("one scalar", "let x = iterate x = 0.5 for t in 0..1000000 { x + 1 / (1 + x) }", 1_000_000),
    ("full-batch step of softmax regression on digits", include_str!("softmax_steps.loss"), 200),
];

fn main() {
    for (name, program, rounds) in PROGRAMS {
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let mut session = Session::new(Options::default(), Box::new(RealWorld::new()));
            let start = Instant::now();
            session.run_text(name, program, &mut Recorder::default());
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {:.0} ns a round, compilation included", best * 1e9 / f64::from(rounds));
    }
}
