# What a zone has once, however many deployments are in it: the rules in front and the TLS minimum. Each of the three phases has one list of
# rules in a zone, and this configuration owns it: rules that were made elsewhere are taken out.

locals {
  hosts = flatten([
    for deployment in var.deployments : [for host in [deployment.host, deployment.mtls_host] : host if host != null]
  ])
  in_hosts  = "http.host in {${join(" ", formatlist("\"%s\"", local.hosts))}}"
  pulses    = { for name, deployment in var.deployments : name => deployment.pulse_host if deployment.pulse_host != null }
  downloads = { for name, deployment in var.deployments : name => deployment if deployment.download_host != null }

  # What the Worker answers. Everything else it answers with 404 too, but each request to it is paid for.
  served_paths    = ["/", "/console", "/openapi.json"]
  served_prefixes = ["/.well-known/", "/console/", "/d/", "/oauth2/", "/p/", "/problems/", "/tlog/", "/tuf/", "/v1/"]
  is_served = join(" or ", concat(
    ["http.request.uri.path in {${join(" ", formatlist("\"%s\"", local.served_paths))}}"],
    formatlist("starts_with(http.request.uri.path, \"%s\")", local.served_prefixes),
  ))
}

# No managed ruleset: publishers upload rules against attacks, which look like attacks to it.
resource "cloudflare_ruleset" "firewall" {
  zone_id     = var.zone_id
  name        = "Parapet: what is let through"
  description = "infra/cloudflare of Parapet"
  kind        = "zone"
  phase       = "http_request_firewall_custom"

  rules = concat(
    [{
      ref         = "parapet_unknown_path"
      description = "Paths that the service does not have"
      action      = "block"
      expression  = "${local.in_hosts} and not (${local.is_served})"
      enabled     = true
    }],
    # The whole host, in capitals too, so that no path is left out; 8 is the length of "?verify=", "s" base64url without padding.
    [for name, deployment in local.downloads : {
      ref         = "parapet_download_${name}"
      description = "Downloads of ${deployment.name}: only by a URL of the service that has not ended"
      action      = "block"
      expression  = "starts_with(lower(http.host), \"${deployment.download_host}\") and not (starts_with(http.request.uri.query, \"verify=\") and is_timed_hmac_valid_v0(\"${var.download_keys[name]}\", http.request.uri, ${deployment.url_ttl_seconds}, http.request.timestamp.sec, 8, \"s\"))"
      enabled     = true
    }],
  )
}

# Against floods, which cost money. The Worker's own limits (wrangler.toml) are the exact ones; this one is far above what a site behind one
# address asks. Ten seconds is the shortest time that the platform takes, for firewalls that were caught behind somebody else's flood.
resource "cloudflare_ruleset" "rate_limit" {
  zone_id     = var.zone_id
  name        = "Parapet: floods"
  description = "infra/cloudflare of Parapet"
  kind        = "zone"
  phase       = "http_ratelimit"

  rules = [{
    ref         = "parapet_flood"
    description = "More than ${var.requests_per_10_seconds} requests in ten seconds by one address at one location"
    action      = "block"
    expression  = local.in_hosts
    enabled     = true
    ratelimit = {
      characteristics     = ["cf.colo.id", "ip.src"]
      period              = 10
      requests_per_period = var.requests_per_10_seconds
      mitigation_timeout  = 10
    }
  }]
}

resource "cloudflare_ruleset" "cache" {
  zone_id     = var.zone_id
  name        = "Parapet: pulses and packages"
  description = "infra/cloudflare of Parapet"
  kind        = "zone"
  phase       = "http_request_cache_settings"

  rules = concat(
    # Pulses have no file extension: without the rule each read would be an operation of R2.
    [for name, host in local.pulses : {
      ref         = "parapet_pulses_${name}"
      description = "Pulses of ${name}"
      action      = "set_cache_settings"
      expression  = "http.host eq \"${host}\""
      enabled     = true
      action_parameters = {
        cache       = true
        edge_ttl    = { mode = "respect_origin" }
        browser_ttl = { mode = "respect_origin" }
      }
    }],
    # The query is the URL's MAC, which the firewall rule has looked at: it must not make each URL a copy of its own.
    [for name, deployment in local.downloads : {
      ref         = "parapet_packages_${name}"
      description = "Packages of ${name}"
      action      = "set_cache_settings"
      expression  = "starts_with(lower(http.host), \"${deployment.download_host}\")"
      enabled     = true
      action_parameters = {
        cache     = true
        cache_key = { custom_key = { query_string = { exclude = { all = true } } } }
        edge_ttl = {
          mode            = "respect_origin"
          status_code_ttl = [{ status_code = 404, value = -1 }]
        }
      }
    }],
  )
}

resource "cloudflare_zone_setting" "minimum_tls_version" {
  count      = var.minimum_tls_version == "" ? 0 : 1
  zone_id    = var.zone_id
  setting_id = "min_tls_version"
  value      = var.minimum_tls_version
}

locals {
  all_hosts = toset(flatten([
    for deployment in var.deployments : [
      for host in [deployment.host, deployment.mtls_host, deployment.pulse_host, deployment.download_host] : host if host != null
    ]
  ]))
  caa = merge(
    { for pair in setproduct(local.all_hosts, var.certificate_authorities) : "${pair[0]} issue ${pair[1]}" => {
      host = pair[0], tag = "issue", value = pair[1]
    } },
    { for host in var.caa_contact == "" ? [] : local.all_hosts : "${host} iodef" => {
      host = host, tag = "iodef", value = var.caa_contact
    } },
  )
}

# RFC 8659. Each host has records of its own, so that those of the zone's other hosts stay as they are.
resource "cloudflare_dns_record" "caa" {
  for_each = local.caa
  zone_id  = var.zone_id
  name     = each.value.host
  type     = "CAA"
  ttl      = 3600
  comment  = "infra/cloudflare of Parapet"
  data = {
    flags = 0
    tag   = each.value.tag
    value = each.value.value
  }
}
