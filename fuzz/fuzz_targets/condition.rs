#![no_main]

libfuzzer_sys::fuzz_target!(
    init: trilby_fuzz::seeds::unpack("condition"),
    |data: &[u8]| {
        if let Ok(text) = std::str::from_utf8(data) {
            trilby_fuzz::condition::run(text, cfg!(feature = "planted"));
        }
    }
);

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    trilby_fuzz::mutate::step(data, size, max, seed, trilby_fuzz::mutate::condition)
});
