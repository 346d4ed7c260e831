#![no_main]

libfuzzer_sys::fuzz_target!(
    init: trilby_fuzz::seeds::unpack("arn"),
    |data: &[u8]| {
        if let Ok(text) = std::str::from_utf8(data) {
            trilby_fuzz::arn::run(text, cfg!(feature = "planted"));
        }
    }
);
