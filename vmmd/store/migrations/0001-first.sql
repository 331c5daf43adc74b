-- SPDX-License-Identifier: GPL-2.0-or-later
-- The first schema. Times are milliseconds since 1970; addresses are integers in host order.
-- Every row that belongs to a host carries host_id, though there is one host today.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE account (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE access_key (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES account (id),
  secret BLOB NOT NULL, enabled INTEGER NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX access_key_account ON access_key (account_id);

CREATE TABLE client_token (
  account_id TEXT NOT NULL, action TEXT NOT NULL, token TEXT NOT NULL,
  params TEXT NOT NULL, answer TEXT NOT NULL, created_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, action, token)) WITHOUT ROWID;
CREATE INDEX client_token_age ON client_token (created_ms);

CREATE TABLE vpc (
  idx INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  name TEXT NOT NULL, description TEXT NOT NULL, cidr TEXT NOT NULL, is_default INTEGER NOT NULL,
  router_id TEXT NOT NULL UNIQUE, route_table_id TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL,
  router_name TEXT NOT NULL DEFAULT '', router_description TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX vpc_default ON vpc (account_id) WHERE is_default = 1;
CREATE INDEX vpc_account ON vpc (account_id);

CREATE TABLE vswitch (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, vpc_id TEXT NOT NULL REFERENCES vpc (id),
  zone_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, cidr TEXT NOT NULL,
  is_default INTEGER NOT NULL,
  created_ms INTEGER NOT NULL);
CREATE INDEX vswitch_account ON vswitch (account_id);
CREATE INDEX vswitch_vpc ON vswitch (vpc_id);

CREATE TABLE security_group (
  idx INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  vpc_id TEXT NOT NULL REFERENCES vpc (id), name TEXT NOT NULL, description TEXT NOT NULL,
  is_default INTEGER NOT NULL, inner_accept INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE INDEX security_group_account ON security_group (account_id);
CREATE INDEX security_group_vpc ON security_group (vpc_id);

CREATE TABLE security_rule (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  group_id TEXT NOT NULL REFERENCES security_group (id),
  egress INTEGER NOT NULL, accept INTEGER NOT NULL, priority INTEGER NOT NULL,
  protocol TEXT NOT NULL, port_min INTEGER NOT NULL, port_max INTEGER NOT NULL,
  source_port_min INTEGER NOT NULL, source_port_max INTEGER NOT NULL,
  cidr TEXT NOT NULL, peer_group_id TEXT NOT NULL, description TEXT NOT NULL,
  created_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX security_rule_same ON security_rule (
  group_id, egress, accept, priority, protocol, port_min, port_max, source_port_min,
  source_port_max, cidr, peer_group_id);
CREATE INDEX security_rule_peer ON security_rule (peer_group_id);

CREATE TABLE key_pair (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account_id TEXT NOT NULL, name TEXT NOT NULL,
  fingerprint TEXT NOT NULL, public_key TEXT NOT NULL, created_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX key_pair_name ON key_pair (account_id, name);

CREATE TABLE layer (
  id TEXT PRIMARY KEY, host_id TEXT NOT NULL, parent_id TEXT REFERENCES layer (id),
  virtual_bytes INTEGER NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX layer_parent ON layer (parent_id);

CREATE TABLE image (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  state TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, os_type TEXT NOT NULL,
  os_name TEXT NOT NULL, architecture TEXT NOT NULL, source_file TEXT NOT NULL,
  source_format TEXT NOT NULL, progress INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE UNIQUE INDEX image_name ON image (account_id, name) WHERE state <> 'deleting';

CREATE TABLE instance (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  host_id TEXT NOT NULL, uuid TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
  name TEXT NOT NULL, description TEXT NOT NULL, host_name TEXT NOT NULL,
  image_id TEXT NOT NULL, type TEXT NOT NULL, zone_id TEXT NOT NULL,
  vcpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL, user_data TEXT NOT NULL,
  key_pair TEXT NOT NULL, public_key TEXT NOT NULL, deletion_protection INTEGER NOT NULL,
  boot_when_staged INTEGER NOT NULL, force INTEGER NOT NULL, restart_on_crash INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,
  reason TEXT NOT NULL);
CREATE INDEX instance_account ON instance (account_id, seq);
CREATE INDEX instance_capacity ON instance (host_id, vcpus, memory_mib);
CREATE INDEX instance_working ON instance (host_id, deadline_ms) WHERE deadline_ms > 0;
CREATE INDEX instance_image ON instance (image_id);

CREATE TABLE instance_event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  instance_id TEXT NOT NULL, event TEXT NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL,
  reason TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX instance_event_account ON instance_event (account_id, seq);
CREATE INDEX instance_event_instance ON instance_event (instance_id, seq);
CREATE INDEX instance_event_age ON instance_event (at_ms);

CREATE TABLE disk (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  host_id TEXT NOT NULL, instance_id TEXT NOT NULL, image_id TEXT NOT NULL, zone_id TEXT NOT NULL,
  name TEXT NOT NULL, description TEXT NOT NULL, category TEXT NOT NULL,
  layer_id TEXT NOT NULL UNIQUE REFERENCES layer (id), device TEXT NOT NULL,
  is_system INTEGER NOT NULL, delete_with_instance INTEGER NOT NULL,
  virtual_bytes INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE INDEX disk_account ON disk (account_id, seq);
CREATE INDEX disk_instance ON disk (instance_id);
CREATE INDEX disk_space ON disk (host_id, virtual_bytes);

CREATE TABLE nic (
  idx INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  host_id TEXT NOT NULL, instance_id TEXT NOT NULL, vpc_id TEXT NOT NULL REFERENCES vpc (id),
  vswitch_id TEXT NOT NULL REFERENCES vswitch (id), mac TEXT NOT NULL UNIQUE, ip INTEGER NOT NULL);
-- An address once in a VPC: the constraint, not a look before the insert, is what guards it.
CREATE UNIQUE INDEX nic_address ON nic (vpc_id, ip);
CREATE INDEX nic_instance ON nic (instance_id);
CREATE INDEX nic_vswitch ON nic (vswitch_id, ip);

CREATE TABLE nic_group (
  nic_id TEXT NOT NULL REFERENCES nic (id), position INTEGER NOT NULL,
  group_id TEXT NOT NULL REFERENCES security_group (id),
  PRIMARY KEY (nic_id, position)) WITHOUT ROWID;
CREATE INDEX nic_group_group ON nic_group (group_id, nic_id);
