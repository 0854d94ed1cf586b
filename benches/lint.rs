//! `lint` of the public corpus: 552 files beside the repository (`../shared/corpus`, or the folder that
//! `ROLLSIM_SHARED` names), from reading them to the findings of all rules. The aim is 2 s.

#![allow(
    clippy::print_stdout,
    reason = "says so where there is nothing to time"
)]

use std::path::PathBuf;

use divan::Bencher;
use divan::counter::ItemsCount;
use rollsim::lint::{Options, lint};
use rollsim::manifest::schema::FieldValidation;
use rollsim::manifest::source::Manifests;

fn main() {
    let corpus = corpus();
    if corpus.is_dir() {
        divan::main();
    } else {
        println!("no corpus: {} is missing", corpus.display());
    }
}

fn corpus() -> PathBuf {
    let shared = std::env::var_os("ROLLSIM_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    shared.join("corpus")
}

/// An item is a file.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn whole_corpus(bencher: Bencher) {
    let paths = [corpus()];
    let files = Manifests::read_all(&paths, &mut std::io::empty())
        .sources
        .iter()
        .count();
    bencher.counter(ItemsCount::new(files)).bench_local(|| {
        let mut manifests = Manifests::read_all(&paths, &mut std::io::empty());
        manifests.admit(FieldValidation::Strict);
        lint(&manifests, &Options::default()).len()
    });
}
