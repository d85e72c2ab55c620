# Lifecycle hooks of one Auto Scaling group, and the way of their events to Parapet: EventBridge rule, API destination with
# the key in a header, queue for what could not be delivered. There is no function to run.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

data "aws_autoscaling_group" "firewalls" {
  name = var.autoscaling_group_name
}

locals {
  name = "parapet-${var.autoscaling_group_name}"
}

# CONTINUE, whatever happens: without Parapet a firewall still filters with the content it brings, and a group that cannot
# grow because its update service is away protects nobody.
resource "aws_autoscaling_lifecycle_hook" "launch" {
  name                   = "parapet-launch"
  autoscaling_group_name = var.autoscaling_group_name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_LAUNCHING"
  heartbeat_timeout      = 600
  default_result         = "CONTINUE"
}

resource "aws_autoscaling_lifecycle_hook" "terminate" {
  name                   = "parapet-terminate"
  autoscaling_group_name = var.autoscaling_group_name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = 600
  default_result         = "CONTINUE"
}

resource "aws_cloudwatch_event_rule" "lifecycle" {
  name        = local.name
  description = "Launches and terminations of ${var.autoscaling_group_name}, for Parapet"

  event_pattern = jsonencode({
    source = ["aws.autoscaling"]
    "detail-type" = [
      "EC2 Instance-launch Lifecycle Action",
      "EC2 Instance-terminate Lifecycle Action",
    ]
    detail = {
      AutoScalingGroupName = [var.autoscaling_group_name]
      LifecycleHookName = [
        aws_autoscaling_lifecycle_hook.launch.name,
        aws_autoscaling_lifecycle_hook.terminate.name,
      ]
    }
  })
}

# EventBridge keeps the header in a secret of its own. It is in Terraform's state as well: protect that.
resource "aws_cloudwatch_event_connection" "parapet" {
  name               = local.name
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "Authorization"
      value = "Bearer ${var.hook_key}"
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "parapet" {
  name                             = local.name
  connection_arn                   = aws_cloudwatch_event_connection.parapet.arn
  invocation_endpoint              = "${var.parapet_url}/v1/hooks/aws/autoscaling"
  http_method                      = "POST"
  invocation_rate_limit_per_second = 5 # Parapet takes 600 a minute from one address.
}

resource "aws_cloudwatch_event_target" "parapet" {
  rule     = aws_cloudwatch_event_rule.lifecycle.name
  arn      = aws_cloudwatch_event_api_destination.parapet.arn
  role_arn = aws_iam_role.eventbridge.arn

  http_target {
    query_string_parameters = {
      account = var.account
      license = var.license
    }
  }

  # A day, though AWS waits ten minutes: a seat is to be freed even if it takes that long.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

# What is in here was refused for good (its error is an attribute of the message) or came to nothing for a day. Delivering
# it again is always harmless.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${local.name}-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = data.aws_iam_policy_document.undelivered.json
}
