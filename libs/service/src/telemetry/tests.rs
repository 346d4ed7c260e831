use std::io::Write;
use std::sync::Mutex;

use super::*;

/// Where a test reads what was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_for_machines_tells_its_request_once() {
    let written = Written::default();
    let writer = written.clone();
    let lines = lines(LogFormat::Json, false, move || writer.clone());
    tracing::subscriber::with_default(Registry::default().with(lines), || {
        let span = tracing::info_span!("request", request.id = "TREQ1");
        span.in_scope(|| tracing::info!(status = 200, "request answered"));
    });
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["span"]["request.id"], "TREQ1", "{text}");
    assert_eq!(line["status"], 200, "{text}");
    assert_eq!(text.matches("TREQ1").count(), 1, "{text}");
}

#[test]
fn the_document_is_the_table_of_metrics() {
    crate::checked_document("docs/METRICS.md", &metric::document());
}

#[test]
fn metric_names_are_distinct_and_follow_their_kind() {
    let mut names: Vec<_> = metric::ALL.iter().map(|metric| metric.name).collect();
    for metric in metric::ALL {
        assert!(metric.name.starts_with("trilby_"), "{metric:?}");
        assert_eq!(
            metric.kind == metric::Kind::Counter,
            metric.name.ends_with("_total"),
            "{metric:?}"
        );
        // A gauge may have a unit as well.
        if metric.kind == metric::Kind::Histogram {
            assert!(metric.name.ends_with("_seconds"), "{metric:?}");
        }
        assert!(metric.doc.ends_with('.'), "{metric:?}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), metric::ALL.len());
}

#[test]
fn metrics_are_rendered_with_their_labels() {
    let telemetry = Telemetry::quiet().unwrap();
    metric::SESSIONS_REFUSED.add(2, &["rendered_in_a_test"]);
    metric::DECISION_DURATION.record(0.0002, &[]);
    let text = telemetry.render_metrics();
    assert!(
        text.contains("trilby_sessions_refused_total{code=\"rendered_in_a_test\"} 2"),
        "{text}"
    );
    assert!(
        text.contains("trilby_decision_duration_seconds_bucket{le=\"0.00025\"}"),
        "{text}"
    );
    assert!(text.contains("trilby_http_panics_total"), "{text}");
    assert!(
        text.contains(&format!(
            "trilby_build_info{{version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        )),
        "{text}"
    );
}

#[test]
fn a_collector_needs_a_build_that_can_reach_it() {
    let mut settings = Settings::default();
    settings.telemetry.otlp_endpoint = Some("https://collector.example.com".to_owned());
    let refused = Telemetry::start(&settings).unwrap_err().to_string();
    let expected = if cfg!(feature = "otlp") {
        "must begin with `http://`"
    } else {
        "without the feature `otlp`"
    };
    assert!(
        refused.contains("telemetry.otlp_endpoint") && refused.contains(expected),
        "{refused}"
    );
}

#[test]
fn a_filter_that_cannot_be_read_is_refused() {
    let mut settings = Settings::default();
    settings.telemetry.log_filter = "trilby=loud".to_owned();
    let refused = Telemetry::start(&settings).unwrap_err().to_string();
    assert!(refused.contains("telemetry.log_filter"), "{refused}");
}
