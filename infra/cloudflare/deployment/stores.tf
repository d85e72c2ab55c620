# The stores that wrangler.toml names. None is ever removed by Terraform: records can be written again, packages cannot.

locals {
  day_seconds = 86400
}

resource "cloudflare_workers_kv_namespace" "records" {
  account_id = var.account_id
  title      = "${var.deployment.name}-records"

  lifecycle {
    prevent_destroy = true
  }
}

resource "cloudflare_r2_bucket" "packages" {
  account_id = var.account_id
  name       = "${var.deployment.name}-packages"

  lifecycle {
    prevent_destroy = true
  }
}

resource "cloudflare_r2_bucket" "pulses" {
  account_id = var.account_id
  name       = "${var.deployment.name}-pulses"

  lifecycle {
    prevent_destroy = true
  }
}

resource "cloudflare_r2_bucket" "history" {
  account_id = var.account_id
  name       = "${var.deployment.name}-history"

  lifecycle {
    prevent_destroy = true
  }
}

# An upload that breaks off at the wrong moment may leave an object under uploads/.
resource "cloudflare_r2_bucket_lifecycle" "packages" {
  account_id  = var.account_id
  bucket_name = cloudflare_r2_bucket.packages.name
  rules = [{
    id         = "sweep-uploads"
    enabled    = true
    conditions = { prefix = "uploads/" }
    delete_objects_transition = {
      condition = { type = "Age", max_age = local.day_seconds }
    }
    abort_multipart_uploads_transition = {
      condition = { type = "Age", max_age = local.day_seconds }
    }
  }]
}

# The only copy of the bytes. Not the whole bucket: what lies under uploads/ has to go within the seconds of one upload.
resource "cloudflare_r2_bucket_lock" "packages" {
  count       = var.deployment.package_lock_days > 0 ? 1 : 0
  account_id  = var.account_id
  bucket_name = cloudflare_r2_bucket.packages.name
  rules = [{
    id        = "keep-packages"
    enabled   = true
    prefix    = "packages/"
    condition = { type = "Age", max_age_seconds = var.deployment.package_lock_days * local.day_seconds }
  }]
}

# The cron trigger removes them after HISTORY_DAYS; this holds where the Worker does not run. A day more, so that the two never race.
resource "cloudflare_r2_bucket_lifecycle" "history" {
  account_id  = var.account_id
  bucket_name = cloudflare_r2_bucket.history.name
  rules = [{
    id         = "past-hours"
    enabled    = true
    conditions = { prefix = "events/" }
    delete_objects_transition = {
      condition = { type = "Age", max_age = (var.deployment.history_days + 1) * local.day_seconds }
    }
  }]
}
