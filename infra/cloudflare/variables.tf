variable "account_id" {
  description = "The Cloudflare account."
  type        = string
}

variable "zone_id" {
  description = "The zone that all hosts below are in."
  type        = string
}

variable "deployments" {
  description = "Each deployment of the Worker: production is wrangler.toml's top level, any other name its [env.<name>]."
  type = map(object({
    # The Worker's name in wrangler.toml; names of stores begin with it.
    name = string
    # The host of ISSUER.
    host = string
    # The host of PULSE_ORIGIN; null = devices are told of no pulses.
    pulse_host = optional(string)
    # The host of DOWNLOAD_ORIGIN; null = the Worker serves downloads. Needs an entry in download_keys.
    download_host = optional(string)
    # URL_TTL_SECONDS of wrangler.toml: the rule in front of download_host decides how long a URL lives.
    url_ttl_seconds = optional(number, 300)
    # For how many days nobody, the Worker included, can remove a package that was uploaded.
    package_lock_days = optional(number, 30)
    # HISTORY_DAYS of wrangler.toml.
    history_days = optional(number, 90)
    # HISTORY_SINK = "pipelines": a stream, its sink and its table.
    history_stream = optional(bool, false)
    # PEM of the certificate authority whose client certificates the edge verifies; null = it asks for none.
    client_ca = optional(string)
    # The host of MTLS_ORIGIN, where it asks for them; null = at `host`, where browsers on the console are asked too. A route of the Worker.
    mtls_host = optional(string)
    # Whom Access lets to the console, beside the console's own sign-in; empty = no Access in front of it.
    console_emails = optional(list(string), [])
  }))

  validation {
    condition     = length(distinct([for deployment in var.deployments : deployment.name])) == length(var.deployments)
    error_message = "Two deployments have one name: each needs stores of its own."
  }
}

variable "download_keys" {
  description = "DOWNLOAD_KEY of each deployment with a download_host. Stands in the zone's rule, and so in Terraform's state."
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "requests_per_10_seconds" {
  description = "What one client address may ask of one location in ten seconds. 1,000 lets 60,000 firewalls that check every ten minutes be behind one address."
  type        = number
  default     = 1000
}

variable "certificate_authorities" {
  description = "Who may issue certificates for the hosts (CAA): the authorities that the platform itself uses."
  type        = list(string)
  default     = ["letsencrypt.org", "pki.goog; cansignhttpexchanges=yes", "sectigo.com", "ssl.com"]
}

variable "caa_contact" {
  description = "Where an authority tells of a certificate that it refused, such as mailto:security@example.com; empty = nowhere."
  type        = string
  default     = ""
}

variable "minimum_tls_version" {
  description = "Of the whole zone. Empty = it is set elsewhere; firewalls are promised 1.2 (docs/network.md)."
  type        = string
  default     = "1.2"
}
