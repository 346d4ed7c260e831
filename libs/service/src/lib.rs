//! What every process needs: settings, telemetry, problems, paging, health, shutdown.
