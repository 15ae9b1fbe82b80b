"""What every other package stands on: settings, errors, clock, ids, telemetry. Imports nothing of ours."""
