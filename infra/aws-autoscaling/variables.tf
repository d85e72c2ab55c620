variable "parapet_url" {
  description = "Origin of the Parapet service, without a slash at the end: https://updates.example.com"
  type        = string
}

variable "account" {
  description = "Parapet account whose firewalls the group runs: acct-…"
  type        = string

  validation {
    condition     = can(regex("^acct-[0-9a-z]{16}$", var.account))
    error_message = "An account looks like acct-…; see `parapet account list`."
  }
}

variable "license" {
  description = "License that new instances activate under: lic-…"
  type        = string
}

variable "hook_key" {
  description = "API key of scope lifecycle:<account>, from `parapet key create`"
  type        = string
  sensitive   = true
}

variable "autoscaling_group_name" {
  description = "Auto Scaling group that runs the firewalls"
  type        = string
}

variable "instance_role_name" {
  description = "Role of the group's instance profile; it is allowed to read the codes"
  type        = string
}

variable "kms_key_arn" {
  description = "KMS key of the parameters; null = the AWS managed key of Parameter Store"
  type        = string
  default     = null
}
