use super::*;

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
