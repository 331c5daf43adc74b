-- SPDX-License-Identifier: GPL-2.0-or-later
-- Networks in full: routes, prefix lists, IPv6, interfaces of their own, public addresses, NAT.
-- IPv4 addresses are integers in host order, IPv6 ones text in their one canonical form.

-- Interfaces have a life of their own. One without an instance has the empty instance_id.
ALTER TABLE nic ADD COLUMN state TEXT NOT NULL DEFAULT 'in-use';
ALTER TABLE nic ADD COLUMN is_primary INTEGER NOT NULL DEFAULT 1;
ALTER TABLE nic ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE nic ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE nic ADD COLUMN delete_with_instance INTEGER NOT NULL DEFAULT 1;
ALTER TABLE nic ADD COLUMN created_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nic ADD COLUMN deadline_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nic ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- Counts the changes of what its port shall be.
ALTER TABLE nic ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
CREATE INDEX nic_account ON nic (account_id, idx);
CREATE INDEX nic_working ON nic (host_id, deadline_ms) WHERE deadline_ms > 0;
UPDATE nic SET created_ms = coalesce ((SELECT created_ms FROM instance i WHERE i.id = instance_id), 0);

-- Every private address, the primary ones too (nic.ip repeats those so that a list of instances
-- needs no join). An address once in a VPC: the constraint, not a look before the insert, guards it.
DROP INDEX nic_address;
CREATE TABLE nic_ip (
  vpc_id TEXT NOT NULL, ip INTEGER NOT NULL, nic_id TEXT NOT NULL REFERENCES nic (id),
  is_primary INTEGER NOT NULL, PRIMARY KEY (vpc_id, ip)) WITHOUT ROWID;
CREATE INDEX nic_ip_nic ON nic_ip (nic_id);
INSERT INTO nic_ip (vpc_id, ip, nic_id, is_primary) SELECT vpc_id, ip, id, 1 FROM nic;
CREATE TABLE nic_ip6 (
  vpc_id TEXT NOT NULL, ip TEXT NOT NULL, nic_id TEXT NOT NULL REFERENCES nic (id),
  PRIMARY KEY (vpc_id, ip)) WITHOUT ROWID;
CREATE INDEX nic_ip6_nic ON nic_ip6 (nic_id);

-- "" without IPv6; a /56 for a VPC, a /64 for a vswitch.
ALTER TABLE vpc ADD COLUMN ipv6_cidr TEXT NOT NULL DEFAULT '';
ALTER TABLE vswitch ADD COLUMN ipv6_cidr TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX vpc_ipv6 ON vpc (ipv6_cidr) WHERE ipv6_cidr <> '';
CREATE UNIQUE INDEX vswitch_ipv6 ON vswitch (vpc_id, ipv6_cidr) WHERE ipv6_cidr <> '';

-- A rule's own side, and ranges by a list.
ALTER TABLE security_rule ADD COLUMN near_cidr TEXT NOT NULL DEFAULT '';
ALTER TABLE security_rule ADD COLUMN prefix_list_id TEXT NOT NULL DEFAULT '';
DROP INDEX security_rule_same;
CREATE UNIQUE INDEX security_rule_same ON security_rule (
  group_id, egress, accept, priority, protocol, port_min, port_max, source_port_min,
  source_port_max, cidr, peer_group_id, near_cidr, prefix_list_id);
CREATE INDEX security_rule_list ON security_rule (prefix_list_id) WHERE prefix_list_id <> '';
-- Counts the changes of a group's rules.
ALTER TABLE security_group ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;

CREATE TABLE prefix_list (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  name TEXT NOT NULL, description TEXT NOT NULL, is_ipv6 INTEGER NOT NULL,
  max_entries INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE INDEX prefix_list_account ON prefix_list (account_id, seq);
CREATE TABLE prefix_list_entry (
  list_id TEXT NOT NULL REFERENCES prefix_list (id), cidr TEXT NOT NULL,
  description TEXT NOT NULL, PRIMARY KEY (list_id, cidr)) WITHOUT ROWID;

CREATE TABLE route_entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  vpc_id TEXT NOT NULL REFERENCES vpc (id), destination TEXT NOT NULL, next_hop_type TEXT NOT NULL,
  next_hop_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
  created_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX route_entry_destination ON route_entry (vpc_id, destination);
CREATE INDEX route_entry_next_hop ON route_entry (next_hop_id);

-- An address from the configured pools; is_plain is one by AllocatePublicIpAddress, which is no EIP
-- and goes with its instance. target_id is an instance, an interface or a NAT gateway, "" when free;
-- nic_id and private_ip are where it leads (not for a NAT gateway).
CREATE TABLE eip (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  ip INTEGER NOT NULL UNIQUE, is_plain INTEGER NOT NULL, state TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL, bandwidth_mbit INTEGER NOT NULL, charge_type TEXT NOT NULL,
  target_type TEXT NOT NULL, target_id TEXT NOT NULL, vpc_id TEXT NOT NULL, nic_id TEXT NOT NULL,
  private_ip INTEGER NOT NULL, created_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,
  reason TEXT NOT NULL);
CREATE INDEX eip_account ON eip (account_id, seq);
CREATE INDEX eip_target ON eip (target_id) WHERE target_id <> '';
CREATE INDEX eip_vpc ON eip (vpc_id) WHERE vpc_id <> '';
CREATE INDEX eip_nic ON eip (nic_id) WHERE nic_id <> '';
CREATE INDEX eip_working ON eip (vpc_id) WHERE deadline_ms > 0;
CREATE UNIQUE INDEX eip_private ON eip (vpc_id, private_ip) WHERE nic_id <> '';

CREATE TABLE nat_gateway (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  vpc_id TEXT NOT NULL REFERENCES vpc (id), vswitch_id TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL, snat_table_id TEXT NOT NULL UNIQUE,
  forward_table_id TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL);
CREATE INDEX nat_gateway_account ON nat_gateway (account_id, seq);
CREATE INDEX nat_gateway_vpc ON nat_gateway (vpc_id);
-- An entry is in force when the generation that the host has applied is its own.
CREATE TABLE snat_entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  nat_gateway_id TEXT NOT NULL REFERENCES nat_gateway (id), vpc_id TEXT NOT NULL,
  source_cidr TEXT NOT NULL, source_vswitch_id TEXT NOT NULL, eip_id TEXT NOT NULL,
  name TEXT NOT NULL, created_ms INTEGER NOT NULL, generation INTEGER NOT NULL DEFAULT 1,
  applied INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX snat_entry_source ON snat_entry (vpc_id, source_cidr);
CREATE INDEX snat_entry_gateway ON snat_entry (nat_gateway_id, seq);
CREATE INDEX snat_entry_eip ON snat_entry (eip_id);
CREATE INDEX snat_entry_working ON snat_entry (vpc_id) WHERE applied <> generation;
CREATE TABLE forward_entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  nat_gateway_id TEXT NOT NULL REFERENCES nat_gateway (id), vpc_id TEXT NOT NULL,
  eip_id TEXT NOT NULL, protocol TEXT NOT NULL, external_min INTEGER NOT NULL,
  external_max INTEGER NOT NULL, internal_ip INTEGER NOT NULL, internal_min INTEGER NOT NULL,
  internal_max INTEGER NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 1, applied INTEGER NOT NULL DEFAULT 0);
CREATE INDEX forward_entry_gateway ON forward_entry (nat_gateway_id, seq);
CREATE INDEX forward_entry_eip ON forward_entry (eip_id);
CREATE INDEX forward_entry_vpc ON forward_entry (vpc_id);
CREATE INDEX forward_entry_working ON forward_entry (vpc_id) WHERE applied <> generation;

-- Bounds of what an instance exchanges with the outside, in Mbit/s; 0 for none.
ALTER TABLE instance ADD COLUMN bandwidth_in_mbit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN bandwidth_out_mbit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN charge_type TEXT NOT NULL DEFAULT 'PayByTraffic';

-- What a host has in force of a group or an interface, and why not more.
CREATE TABLE net_applied (
  host_id TEXT NOT NULL, object_id TEXT NOT NULL, generation INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (host_id, object_id)) WITHOUT ROWID;
