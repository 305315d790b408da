# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options by which modules name where encrypted backups are kept."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  folder:
    description:
      - Where the backups of all apps are kept, as the path of a folder on the controller or as C(s3://BUCKET/PREFIX), a
        bucket of S3-compatible storage such as AWS S3, Tigris or R2.
      - Files in a folder have mode 0600. A bucket must exist.
    type: path
    required: true
  s3:
    description:
      - How to reach the bucket. What is not given is read from where AWS's own tools read it, such as
        E(AWS_ENDPOINT_URL_S3), E(AWS_REGION), E(AWS_ACCESS_KEY_ID) and E(AWS_SECRET_ACCESS_KEY).
    type: dict
    suboptions:
      endpoint:
        description: URL of the storage, if it is not AWS S3, such as V(https://fly.storage.tigris.dev).
        type: str
      region:
        description: Region of the bucket. Defaults to V(us-east-1).
        type: str
      access_key:
        description: ID of the access key. It must be allowed to list the bucket and to read, write and delete objects.
        type: str
      secret_key:
        description: The secret of the access key.
        type: str
      session_token:
        description: The token of temporary credentials.
        type: str
      path_style:
        description: Whether the bucket stands in the path of requests instead of in the host, as some storages need it.
        type: bool
        default: false
requirements:
  - botocore >= 1.36 (Python library), where the task runs, for a bucket
"""
