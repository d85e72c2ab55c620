# The buckets' hosts. Rules of the zone hold on these and not on the buckets' own r2.dev addresses, which are therefore off.

resource "cloudflare_r2_managed_domain" "off" {
  for_each = {
    packages = cloudflare_r2_bucket.packages.name
    pulses   = cloudflare_r2_bucket.pulses.name
    history  = cloudflare_r2_bucket.history.name
  }
  account_id  = var.account_id
  bucket_name = each.value
  enabled     = false
}

resource "cloudflare_r2_custom_domain" "pulses" {
  count       = var.deployment.pulse_host == null ? 0 : 1
  account_id  = var.account_id
  zone_id     = var.zone_id
  bucket_name = cloudflare_r2_bucket.pulses.name
  domain      = var.deployment.pulse_host
  enabled     = true
  min_tls     = "1.2"
}

# The folder above makes the rule first: without it the bucket is open to whoever knows a digest.
resource "cloudflare_r2_custom_domain" "packages" {
  count       = var.deployment.download_host == null ? 0 : 1
  account_id  = var.account_id
  zone_id     = var.zone_id
  bucket_name = cloudflare_r2_bucket.packages.name
  domain      = var.deployment.download_host
  enabled     = true
  min_tls     = "1.2"
}

# Client certificates (RFC 8705): the edge verifies them and says how it went; who must have one is the Worker's to decide.
resource "cloudflare_mtls_certificate" "devices" {
  count        = var.deployment.client_ca == null ? 0 : 1
  account_id   = var.account_id
  name         = "${var.deployment.name}-devices"
  certificates = var.deployment.client_ca
  ca           = true

  # Another authority is there before the old one goes, so that no device is without.
  lifecycle {
    create_before_destroy = true
  }
}

resource "cloudflare_certificate_authorities_hostname_associations" "devices" {
  count               = var.deployment.client_ca == null ? 0 : 1
  zone_id             = var.zone_id
  mtls_certificate_id = cloudflare_mtls_certificate.devices[0].id
  hostnames           = [coalesce(var.deployment.mtls_host, var.deployment.host)]
}

# A second door before the console's own sign-in, for people; the API, which firewalls and scripts use, has none.
resource "cloudflare_zero_trust_access_policy" "console" {
  count            = length(var.deployment.console_emails) > 0 ? 1 : 0
  account_id       = var.account_id
  name             = "${var.deployment.name} console"
  decision         = "allow"
  session_duration = "8h"
  include          = [for email in var.deployment.console_emails : { email = { email = email } }]

  lifecycle {
    create_before_destroy = true
  }
}

resource "cloudflare_zero_trust_access_application" "console" {
  count                      = length(var.deployment.console_emails) > 0 ? 1 : 0
  account_id                 = var.account_id
  name                       = "${var.deployment.name} console"
  type                       = "self_hosted"
  domain                     = "${var.deployment.host}/console"
  session_duration           = "8h"
  http_only_cookie_attribute = true
  same_site_cookie_attribute = "lax"
  policies                   = [{ id = cloudflare_zero_trust_access_policy.console[0].id, precedence = 1 }]
}
