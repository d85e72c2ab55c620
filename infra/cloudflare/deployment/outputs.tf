output "wrangler" {
  description = "Values for this deployment's part of wrangler.toml, under the names that they have there."
  value = {
    name    = var.deployment.name
    pattern = var.deployment.host
    vars = {
      ISSUER          = "https://${var.deployment.host}"
      PULSE_ORIGIN    = var.deployment.pulse_host == null ? "" : "https://${var.deployment.pulse_host}"
      DOWNLOAD_ORIGIN = var.deployment.download_host == null ? "" : "https://${var.deployment.download_host}"
      MTLS_ORIGIN     = var.deployment.client_ca == null ? "" : "https://${coalesce(var.deployment.mtls_host, var.deployment.host)}"
      URL_TTL_SECONDS = tostring(var.deployment.url_ttl_seconds)
      HISTORY_SINK    = var.deployment.history_stream ? "pipelines" : "off"
      HISTORY_DAYS    = tostring(var.deployment.history_days)
    }
    kv_namespaces = { RECORDS = cloudflare_workers_kv_namespace.records.id }
    r2_buckets = {
      PACKAGES = cloudflare_r2_bucket.packages.name
      PULSES   = cloudflare_r2_bucket.pulses.name
      HISTORY  = cloudflare_r2_bucket.history.name
    }
    pipelines = { HISTORY_STREAM = one(cloudflare_pipeline_stream.history[*].id) }
  }
}
