# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable that this collection's roles, playbooks and lookups know, and its kind; written by tools/roles.py."""

from __future__ import annotations

PREFIXES = ("fly_app_", "fly_platform_check_", "openclaw_config_", "openclaw_exposure_", "openclaw_gateway_")
LAYER = "openclaw_config_layer_"
"""What begins so is a layer of the config, whatever follows."""

_NAMES = """
fly_api_token fly_api_url fly_app_backup_folder fly_app_backup_keep fly_app_backup_recipients fly_app_backup_s3
fly_app_base fly_app_base_secrets fly_app_bind fly_app_build fly_app_certificate_timeout fly_app_certificates
fly_app_check_grace_period fly_app_check_interval fly_app_check_path fly_app_check_timeout fly_app_command
fly_app_config_file fly_app_declared fly_app_dedicated_ipv4 fly_app_definition fly_app_deployment fly_app_dns
fly_app_domain fly_app_env fly_app_exposure fly_app_fallback_regions fly_app_flyctl fly_app_folder
fly_app_gateway_token fly_app_gateway_token_file fly_app_heap_mb fly_app_host fly_app_hostnames fly_app_https_port
fly_app_image fly_app_image_all_programs fly_app_image_build fly_app_image_is_derived fly_app_image_lines
fly_app_image_packages fly_app_image_programs fly_app_image_reference fly_app_image_signal fly_app_image_user
fly_app_ips fly_app_keep_days fly_app_keep_failed_volume_days fly_app_kill_signal fly_app_kill_timeout
fly_app_maintenance fly_app_name fly_app_network fly_app_org fly_app_port fly_app_public_env fly_app_region
fly_app_rehearse fly_app_release fly_app_restart_policy fly_app_secrets fly_app_secrets_exact fly_app_secrets_result
fly_app_snapshot_retention fly_app_toml fly_app_tunnels fly_app_vm_memory fly_app_vm_size fly_app_volume_name
fly_app_volume_path fly_app_volume_size_gb fly_app_volume_snapshot fly_app_volume_start_empty fly_app_wait_timeout
fly_ca_file fly_machines_url fly_platform_check_command fly_platform_check_consent fly_platform_check_image
fly_platform_check_max_dollars fly_platform_check_max_minutes fly_platform_check_org fly_platform_check_path
fly_platform_check_plan fly_platform_check_port fly_platform_check_questions fly_platform_check_recording
fly_platform_check_region fly_platform_check_result fly_platform_check_slow openclaw_adopt openclaw_adopt_file
openclaw_adopt_text openclaw_backup_archive openclaw_backup_plan openclaw_backup_snapshot
openclaw_config_agent_defaults openclaw_config_agents openclaw_config_allowed_origins openclaw_config_app
openclaw_config_app_addresses openclaw_config_auth_order openclaw_config_auth_profiles openclaw_config_bind
openclaw_config_bindings openclaw_config_ca_file openclaw_config_catalog_refresh openclaw_config_channels
openclaw_config_channels_result openclaw_config_exposure openclaw_config_extra openclaw_config_hooks
openclaw_config_hostnames openclaw_config_hsts openclaw_config_https_port openclaw_config_ips openclaw_config_layers
openclaw_config_link openclaw_config_link_file openclaw_config_link_words openclaw_config_machines
openclaw_config_max_concurrent openclaw_config_migrate openclaw_config_model openclaw_config_model_fallbacks
openclaw_config_owner openclaw_config_ownership openclaw_config_packages openclaw_config_packages_exact
openclaw_config_path openclaw_config_plugins openclaw_config_port openclaw_config_proof openclaw_config_prove
openclaw_config_prove_timeout openclaw_config_rate_limit openclaw_config_read_ips openclaw_config_release
openclaw_config_restarted openclaw_config_result openclaw_config_schema_cache openclaw_config_skills
openclaw_config_skills_dir openclaw_config_skills_exact openclaw_config_token_env openclaw_config_trusted_proxies
openclaw_config_tunnels openclaw_config_url openclaw_config_wait_for_channels openclaw_config_waivers
openclaw_config_wanted openclaw_confirm_text openclaw_confirm_to openclaw_convert_confirm openclaw_doctor_failing
openclaw_doctor_levels openclaw_doctor_result openclaw_doctor_severe openclaw_drift openclaw_drift_report
openclaw_drill_began openclaw_drill_evidence openclaw_drill_folder openclaw_drill_reason openclaw_drill_result
openclaw_exposure_addresses openclaw_exposure_after openclaw_exposure_answer openclaw_exposure_app
openclaw_exposure_asks openclaw_exposure_before openclaw_exposure_brute_force openclaw_exposure_brute_force_from
openclaw_exposure_ca_file openclaw_exposure_checks openclaw_exposure_confirm openclaw_exposure_connect_to
openclaw_exposure_declared openclaw_exposure_hostnames openclaw_exposure_http_port openclaw_exposure_https_port
openclaw_exposure_owner openclaw_exposure_port openclaw_exposure_previous_token openclaw_exposure_private_connect_to
openclaw_exposure_private_url openclaw_exposure_proof openclaw_exposure_release openclaw_exposure_state_dir
openclaw_exposure_token openclaw_exposure_tunnels openclaw_exposure_wait_timeout openclaw_exposure_waivers
openclaw_exposure_webhook_paths openclaw_fly_own_variables openclaw_gateway_env openclaw_gateway_memory_floor_mb
openclaw_gateway_playbook_variables openclaw_gateway_readonly_env openclaw_gateway_signal_env
openclaw_gateway_tunnel_files openclaw_gateway_unlocks openclaw_look openclaw_record openclaw_record_folder
openclaw_record_name openclaw_restore_definition openclaw_restore_folder openclaw_restore_is_clone
openclaw_restore_loss openclaw_restore_needed openclaw_restore_plan openclaw_restore_quiet openclaw_restore_restored
openclaw_restore_text openclaw_rollback_after openclaw_rollback_again openclaw_rollback_folder openclaw_rollback_loss
openclaw_rollback_needed openclaw_rollback_plan openclaw_rollback_present openclaw_rollback_restored
openclaw_rollback_text openclaw_rotate_again openclaw_rotate_ages openclaw_rotate_declared openclaw_rotate_default
openclaw_rotate_due openclaw_rotate_made openclaw_rotate_names openclaw_rotate_new openclaw_rotate_next
openclaw_rotate_old openclaw_rotate_other openclaw_rotate_proof openclaw_rotate_set openclaw_rotate_values
openclaw_teardown openclaw_teardown_again openclaw_teardown_phase openclaw_teardown_problems openclaw_teardown_running
openclaw_teardown_texts openclaw_teardown_until openclaw_upgrade_after openclaw_upgrade_back openclaw_upgrade_began
openclaw_upgrade_evidence openclaw_upgrade_folder openclaw_upgrade_now openclaw_upgrade_plan openclaw_upgrade_reason
openclaw_upgrade_rehearsal openclaw_upgrade_rehearses openclaw_upgrade_restored openclaw_upgrade_snapshot
openclaw_upgrade_undo
"""
VARIABLES = frozenset(_NAMES.split())
KINDS = {
    "fly_app_backup_folder": "path",
    "fly_app_backup_keep": "dict",
    "fly_app_backup_recipients": "list of str",
    "fly_app_backup_s3": "dict",
    "fly_app_base": "dict",
    "fly_app_bind": "str",
    "fly_app_build": "dict",
    "fly_app_certificate_timeout": "float",
    "fly_app_check_grace_period": "str",
    "fly_app_check_interval": "str",
    "fly_app_check_path": "str",
    "fly_app_check_timeout": "str",
    "fly_app_command": "str",
    "fly_app_config_file": "path",
    "fly_app_dedicated_ipv4": "bool",
    "fly_app_domain": "str",
    "fly_app_env": "dict",
    "fly_app_exposure": "public|private|sealed",
    "fly_app_fallback_regions": "list of str",
    "fly_app_flyctl": "str",
    "fly_app_folder": "path",
    "fly_app_gateway_token": "str",
    "fly_app_gateway_token_file": "path",
    "fly_app_heap_mb": "int",
    "fly_app_hostnames": "list of str",
    "fly_app_https_port": "int",
    "fly_app_image": "str",
    "fly_app_image_lines": "list of str",
    "fly_app_image_packages": "list of str",
    "fly_app_image_programs": "list of dict",
    "fly_app_image_signal": "dict",
    "fly_app_image_user": "str",
    "fly_app_keep_days": "int",
    "fly_app_keep_failed_volume_days": "int",
    "fly_app_kill_signal": "str",
    "fly_app_kill_timeout": "str",
    "fly_app_name": "str",
    "fly_app_network": "str",
    "fly_app_org": "str",
    "fly_app_port": "int",
    "fly_app_public_env": "list of str",
    "fly_app_region": "str",
    "fly_app_rehearse": "bool",
    "fly_app_release": "str",
    "fly_app_restart_policy": "always|on-failure|never",
    "fly_app_secrets": "dict",
    "fly_app_secrets_exact": "bool",
    "fly_app_snapshot_retention": "int",
    "fly_app_tunnels": "list of dict",
    "fly_app_vm_memory": "str",
    "fly_app_vm_size": "str",
    "fly_app_volume_name": "str",
    "fly_app_volume_path": "str",
    "fly_app_volume_size_gb": "int",
    "fly_app_volume_snapshot": "str",
    "fly_app_volume_start_empty": "bool",
    "fly_app_wait_timeout": "float",
    "openclaw_config_agent_defaults": "dict",
    "openclaw_config_agents": "dict",
    "openclaw_config_allowed_origins": "list of str",
    "openclaw_config_app": "str",
    "openclaw_config_app_addresses": "list of str",
    "openclaw_config_auth_order": "dict",
    "openclaw_config_auth_profiles": "dict",
    "openclaw_config_bind": "str",
    "openclaw_config_bindings": "list of dict",
    "openclaw_config_ca_file": "str",
    "openclaw_config_catalog_refresh": "bool",
    "openclaw_config_channels": "dict",
    "openclaw_config_exposure": "public|private|sealed",
    "openclaw_config_extra": "dict",
    "openclaw_config_hooks": "dict",
    "openclaw_config_hostnames": "list of str",
    "openclaw_config_hsts": "str",
    "openclaw_config_https_port": "int",
    "openclaw_config_layers": "list of dict",
    "openclaw_config_link_file": "path",
    "openclaw_config_machines": "list of dict",
    "openclaw_config_max_concurrent": "int",
    "openclaw_config_migrate": "bool",
    "openclaw_config_model": "str",
    "openclaw_config_model_fallbacks": "list of str",
    "openclaw_config_owner": "str",
    "openclaw_config_ownership": "merge|exact|readonly",
    "openclaw_config_packages": "dict",
    "openclaw_config_packages_exact": "bool",
    "openclaw_config_path": "str",
    "openclaw_config_plugins": "dict",
    "openclaw_config_port": "int",
    "openclaw_config_prove": "bool",
    "openclaw_config_prove_timeout": "float",
    "openclaw_config_rate_limit": "dict",
    "openclaw_config_release": "str",
    "openclaw_config_restarted": "bool",
    "openclaw_config_schema_cache": "path",
    "openclaw_config_skills": "dict",
    "openclaw_config_skills_dir": "path",
    "openclaw_config_skills_exact": "bool",
    "openclaw_config_token_env": "str",
    "openclaw_config_trusted_proxies": "list of str",
    "openclaw_config_tunnels": "list of dict",
    "openclaw_config_url": "str",
    "openclaw_config_wait_for_channels": "float",
    "openclaw_config_waivers": "dict",
    "openclaw_convert_confirm": "bool",
    "openclaw_exposure_addresses": "dict",
    "openclaw_exposure_app": "str",
    "openclaw_exposure_brute_force": "bool",
    "openclaw_exposure_brute_force_from": "str",
    "openclaw_exposure_ca_file": "str",
    "openclaw_exposure_checks": "list of str",
    "openclaw_exposure_confirm": "bool",
    "openclaw_exposure_connect_to": "str",
    "openclaw_exposure_declared": "public|private|sealed",
    "openclaw_exposure_hostnames": "list of str",
    "openclaw_exposure_http_port": "int",
    "openclaw_exposure_https_port": "int",
    "openclaw_exposure_owner": "str",
    "openclaw_exposure_port": "int",
    "openclaw_exposure_previous_token": "str",
    "openclaw_exposure_private_connect_to": "str",
    "openclaw_exposure_private_url": "str",
    "openclaw_exposure_release": "str",
    "openclaw_exposure_state_dir": "str",
    "openclaw_exposure_token": "str",
    "openclaw_exposure_tunnels": "list of dict",
    "openclaw_exposure_wait_timeout": "float",
    "openclaw_exposure_waivers": "list of dict",
    "openclaw_exposure_webhook_paths": "list of str",
    "openclaw_fly_own_variables": "list of str",
}
DEFAULTS = {
    "{{ (fly_app_vm_memory | openclaw.fly.memory_mb(default=0)) * 3 // 4 }}",
    "{{ [openclaw_config_app ~ '.' ~ (fly_app_domain | default('fly.dev'))] + fly_app_hostnames | default([]) | list }}",  # noqa: E501 - as the role has it
    "{{ fly_app_base.port | default(8080) }}",
    "{{ fly_app_deployment is defined and fly_app_deployment is changed }}",
    "{{ fly_app_exposure | default('public') }}",
    "{{ fly_app_https_port | default(443) }}",
    "{{ fly_app_port | default(3000) }}",
    "{{ fly_app_tunnels | default([]) | openclaw.fly.tunnel_urls }}",
    "{{ fly_app_tunnels | default([]) }}",
    "{{ openclaw_config_ca_file | default('') }}",
    "{{ openclaw_config_exposure == 'public' }}",
    "{{ openclaw_config_hostnames | default([openclaw_exposure_app ~ '.' ~ fly_app_domain | default('fly.dev')]) }}",
    "{{ openclaw_config_ips.public | default([]) + openclaw_config_ips.private | default([]) }}",
    "{{ openclaw_convert_confirm | default(false) | bool }}",
    "{{ query('ansible.builtin.vars', *(query('ansible.builtin.varnames', '^openclaw_config_layer_.+') | sort)) }}",
    "{{ {'public': {'v4' if fly_app_dedicated_ipv4 | default(false) | bool else 'shared_v4': 1, 'v6': 1},\n    'private': {'private_v6': 1}}[openclaw_exposure_declared] | default({}) }}",  # noqa: E501 - as the role has it
}
