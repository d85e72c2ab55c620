# HISTORY_SINK = "pipelines": rows go through a stream into a table of the catalog of the bucket HISTORY.

locals {
  # Names of streams, sinks and tables stand in SQL, which takes no hyphen.
  sql_name = replace("${var.deployment.name}_history", "-", "_")
  streamed = var.deployment.history_stream ? 1 : 0
}

resource "cloudflare_r2_data_catalog" "history" {
  count       = local.streamed
  account_id  = var.account_id
  bucket_name = cloudflare_r2_bucket.history.name
}

resource "cloudflare_account_token" "sink" {
  count      = local.streamed
  account_id = var.account_id
  name       = "${var.deployment.name}-history-sink"
  policies = [{
    effect            = "allow"
    permission_groups = [for id in var.permissions.sink : { id = id }]
    resources         = jsonencode({ "com.cloudflare.api.account.${var.account_id}" = "*" })
  }]
}

resource "cloudflare_pipeline_stream" "history" {
  count      = local.streamed
  account_id = var.account_id
  name       = local.sql_name
  format     = { type = "json" }
  # The columns stand in one place, which a test compares with what the Worker sends.
  schema         = jsondecode(file("${path.module}/../../pipelines/stream-schema.json"))
  http           = { enabled = false, authentication = false }
  worker_binding = { enabled = true }

  # The columns of a stream are fixed: another schema_version is another stream, made by hand and beside this one.
  lifecycle {
    ignore_changes = all
  }
}

resource "cloudflare_pipeline_sink" "history" {
  count      = local.streamed
  account_id = var.account_id
  name       = "${local.sql_name}_sink"
  type       = "r2_data_catalog"
  format     = { type = "parquet" }
  schema     = { fields = [] }
  config = {
    account_id     = var.account_id
    bucket         = cloudflare_r2_bucket.history.name
    namespace      = "parapet"
    table_name     = "events"
    token          = cloudflare_account_token.sink[0].value
    rolling_policy = { interval_seconds = 300 }
  }

  # By its bucket's name alone Terraform would not wait for the catalog.
  depends_on = [cloudflare_r2_data_catalog.history]

  lifecycle {
    ignore_changes = [schema]
  }
}

resource "cloudflare_pipeline" "history" {
  count      = local.streamed
  account_id = var.account_id
  name       = local.sql_name
  sql        = "INSERT INTO ${cloudflare_pipeline_sink.history[0].name} SELECT * FROM ${cloudflare_pipeline_stream.history[0].name}"
}
