# Who may do what: EventBridge call the destination and fill the queue, Parapet's key act on this group and under its own
# prefix of parameters, instances read their codes. Nothing else.

locals {
  parameters = join(":", [
    "arn", data.aws_partition.current.partition, "ssm", data.aws_region.current.name,
    data.aws_caller_identity.current.account_id, "parameter/parapet/${var.account}/*/auth-code",
  ])
}

data "aws_iam_policy_document" "eventbridge_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "eventbridge" {
  statement {
    actions   = ["events:InvokeApiDestination"]
    resources = [aws_cloudwatch_event_api_destination.parapet.arn]
  }
}

resource "aws_iam_role" "eventbridge" {
  name               = "${local.name}-eventbridge"
  assume_role_policy = data.aws_iam_policy_document.eventbridge_assume.json
}

resource "aws_iam_role_policy" "eventbridge" {
  name   = "call-parapet"
  role   = aws_iam_role.eventbridge.id
  policy = data.aws_iam_policy_document.eventbridge.json
}

data "aws_iam_policy_document" "undelivered" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.lifecycle.arn]
    }
  }
}

# Whose access key goes into Parapet's AWS_CREDENTIALS, under this account's id. The key itself is made by hand (README), or
# it would be in Terraform's state.
resource "aws_iam_user" "parapet" {
  name = local.name
}

data "aws_iam_policy_document" "parapet" {
  statement {
    actions   = ["autoscaling:CompleteLifecycleAction"]
    resources = [data.aws_autoscaling_group.firewalls.arn]
  }
  statement {
    actions   = ["ssm:PutParameter", "ssm:DeleteParameter"]
    resources = [local.parameters]
  }
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      actions   = ["kms:Encrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_user_policy" "parapet" {
  name   = "hand-out-auth-codes"
  user   = aws_iam_user.parapet.name
  policy = data.aws_iam_policy_document.parapet.json
}

data "aws_iam_policy_document" "instance" {
  statement {
    actions   = ["ssm:GetParameter"]
    resources = [local.parameters]
  }
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "instance" {
  name   = "read-auth-code"
  role   = var.instance_role_name
  policy = data.aws_iam_policy_document.instance.json
}
