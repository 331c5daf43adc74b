-- SPDX-License-Identifier: GPL-2.0-or-later
-- Disks with a life of their own, snapshots, images of several disks, policies, tasks, tags.

-- A disk that is attached nowhere has the empty instance_id and device.
ALTER TABLE disk ADD COLUMN state TEXT NOT NULL DEFAULT 'in-use';
ALTER TABLE disk ADD COLUMN deadline_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE disk ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE disk ADD COLUMN source_snapshot_id TEXT NOT NULL DEFAULT '';
ALTER TABLE disk ADD COLUMN performance_level TEXT NOT NULL DEFAULT '';
ALTER TABLE disk ADD COLUMN file_system TEXT NOT NULL DEFAULT '';
ALTER TABLE disk ADD COLUMN enable_auto_snapshot INTEGER NOT NULL DEFAULT 1;
ALTER TABLE disk ADD COLUMN delete_auto_snapshot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE disk ADD COLUMN policy_id TEXT NOT NULL DEFAULT '';
ALTER TABLE disk ADD COLUMN attached_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE disk ADD COLUMN detached_ms INTEGER NOT NULL DEFAULT 0;
-- The size a growth under way ends at; 0 when there is none.
ALTER TABLE disk ADD COLUMN want_bytes INTEGER NOT NULL DEFAULT 0;
-- Its bounds of I/O changed and its running guest has yet to be told.
ALTER TABLE disk ADD COLUMN is_unbound INTEGER NOT NULL DEFAULT 0;
-- What the disk was made from and ReInitDisk goes back to; NULL when it was made empty.
ALTER TABLE disk ADD COLUMN origin_layer_id TEXT REFERENCES layer (id);
-- The layer that a snapshot, reset or reinit under way turns to.
ALTER TABLE disk ADD COLUMN next_layer_id TEXT REFERENCES layer (id);
CREATE INDEX disk_origin ON disk (origin_layer_id) WHERE origin_layer_id IS NOT NULL;
CREATE INDEX disk_next ON disk (next_layer_id) WHERE next_layer_id IS NOT NULL;
CREATE INDEX disk_policy ON disk (policy_id) WHERE policy_id <> '';
UPDATE disk SET attached_ms = created_ms,
  origin_layer_id = (SELECT parent_id FROM layer l WHERE l.id = layer_id);

-- A layer is one file and only the active one of a disk is written. size_bytes is what it takes on
-- the host, as last seen; reserved_bytes what work under way may add to it.
ALTER TABLE layer ADD COLUMN is_sealed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE layer ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE layer ADD COLUMN reserved_bytes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX layer_reserved ON layer (host_id, reserved_bytes) WHERE reserved_bytes > 0;
-- How often in a row a pull into it failed, and when the next may begin.
ALTER TABLE layer ADD COLUMN pull_failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE layer ADD COLUMN pull_after_ms INTEGER NOT NULL DEFAULT 0;
-- The journal of pulls: a layer takes in what the layers between it and the base hold (NULL: all of
-- them) and rests on the base afterwards. Done by a running instance's QEMU for one of its disks,
-- or with "" for both by the pool, when nobody has the layer open. While a row stands the file may
-- name either parent, and nobody may open it who has not written to it all along.
CREATE TABLE layer_pull (
  layer_id TEXT PRIMARY KEY REFERENCES layer (id), base_id TEXT REFERENCES layer (id),
  instance_id TEXT NOT NULL, disk_id TEXT NOT NULL, started_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX layer_pull_base ON layer_pull (base_id) WHERE base_id IS NOT NULL;

CREATE TABLE snapshot (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  host_id TEXT NOT NULL, state TEXT NOT NULL, group_id TEXT NOT NULL, disk_id TEXT NOT NULL,
  is_system INTEGER NOT NULL, instance_id TEXT NOT NULL, image_id TEXT NOT NULL,
  zone_id TEXT NOT NULL, category TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
  layer_id TEXT REFERENCES layer (id), virtual_bytes INTEGER NOT NULL, is_auto INTEGER NOT NULL,
  policy_id TEXT NOT NULL, retention_days INTEGER NOT NULL, consistency TEXT NOT NULL,
  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,
  reason TEXT NOT NULL);
CREATE INDEX snapshot_account ON snapshot (account_id, seq);
CREATE INDEX snapshot_disk ON snapshot (disk_id, seq);
CREATE INDEX snapshot_layer ON snapshot (layer_id) WHERE layer_id IS NOT NULL;
CREATE INDEX snapshot_group_of ON snapshot (group_id) WHERE group_id <> '';
CREATE INDEX snapshot_expires ON snapshot (expires_ms) WHERE expires_ms > 0;
-- One at a time of a disk.
CREATE UNIQUE INDEX snapshot_working ON snapshot (disk_id) WHERE state = 'progressing';

CREATE INDEX disk_source ON disk (source_snapshot_id);

CREATE TABLE snapshot_group (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  instance_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
  created_ms INTEGER NOT NULL);
CREATE INDEX snapshot_group_account ON snapshot_group (account_id, seq);
-- A group is what its snapshots are: it goes with the last of them.
CREATE TRIGGER snapshot_group_empty AFTER DELETE ON snapshot WHEN OLD.group_id <> ''
  AND NOT EXISTS (SELECT 1 FROM snapshot WHERE group_id = OLD.group_id AND group_id <> '')
  BEGIN DELETE FROM snapshot_group WHERE id = OLD.group_id; END;

-- Bit n of hours is the hour n:00, bit 0 of weekdays Monday.
CREATE TABLE auto_snapshot_policy (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  name TEXT NOT NULL, hours INTEGER NOT NULL, weekdays INTEGER NOT NULL,
  retention_days INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE INDEX auto_snapshot_policy_account ON auto_snapshot_policy (account_id, seq);
-- The hour of a disk's newest automatic snapshot, written with it; or when it got its policy.
ALTER TABLE disk ADD COLUMN auto_point_ms INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER disk_auto_snapshots AFTER DELETE ON disk WHEN OLD.delete_auto_snapshot = 1
  BEGIN DELETE FROM snapshot WHERE disk_id = OLD.id AND is_auto = 1
    AND NOT EXISTS (SELECT 1 FROM image_disk WHERE snapshot_id = snapshot.id); END;

-- The disks of an image; position 0 is the system disk. One without a layer is made empty, or has
-- none yet.
CREATE TABLE image_disk (
  image_id TEXT NOT NULL REFERENCES image (id), position INTEGER NOT NULL, device TEXT NOT NULL,
  layer_id TEXT REFERENCES layer (id), snapshot_id TEXT NOT NULL, virtual_bytes INTEGER NOT NULL,
  PRIMARY KEY (image_id, position)) WITHOUT ROWID;
CREATE INDEX image_disk_layer ON image_disk (layer_id) WHERE layer_id IS NOT NULL;
CREATE INDEX image_disk_snapshot ON image_disk (snapshot_id);
ALTER TABLE image ADD COLUMN family TEXT NOT NULL DEFAULT '';
ALTER TABLE image ADD COLUMN version TEXT NOT NULL DEFAULT '';
-- What it was made from: see VmmImageSource.
ALTER TABLE image ADD COLUMN source TEXT NOT NULL DEFAULT 'import';
CREATE INDEX image_family ON image (account_id, family) WHERE family <> '';
CREATE TABLE image_share (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, image_id TEXT NOT NULL REFERENCES image (id),
  account_id TEXT NOT NULL, at_ms INTEGER NOT NULL, UNIQUE (image_id, account_id));
CREATE INDEX image_share_account ON image_share (account_id);

-- What takes long and can be watched and cancelled. folder, name and format are those of the files
-- that an export writes, code and reason why one failed.
CREATE TABLE task (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  host_id TEXT NOT NULL, action TEXT NOT NULL, state TEXT NOT NULL, image_id TEXT NOT NULL,
  progress INTEGER NOT NULL, created_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,
  finished_ms INTEGER NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL, format TEXT NOT NULL,
  code TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX task_account ON task (account_id, seq);
CREATE INDEX task_image ON task (image_id);
CREATE INDEX task_unfinished ON task (seq) WHERE finished_ms = 0;
CREATE INDEX task_finished ON task (finished_ms) WHERE finished_ms > 0;

-- A key pair's resource_id is its name, hence the account in the key.
CREATE TABLE tag (
  account_id TEXT NOT NULL, resource_type TEXT NOT NULL, resource_id TEXT NOT NULL,
  key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (account_id, resource_type, resource_id, key)) WITHOUT ROWID;
CREATE INDEX tag_key ON tag (account_id, resource_type, key, value);
CREATE TRIGGER instance_tags AFTER DELETE ON instance BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'instance' AND resource_id = OLD.id; END;
CREATE TRIGGER disk_tags AFTER DELETE ON disk BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'disk' AND resource_id = OLD.id; END;
CREATE TRIGGER image_tags AFTER DELETE ON image BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'image' AND resource_id = OLD.id; END;
CREATE TRIGGER snapshot_tags AFTER DELETE ON snapshot BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'snapshot' AND resource_id = OLD.id; END;
CREATE TRIGGER security_group_tags AFTER DELETE ON security_group BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'securitygroup' AND resource_id = OLD.id; END;
CREATE TRIGGER nic_tags AFTER DELETE ON nic BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'eni' AND resource_id = OLD.id; END;
CREATE TRIGGER key_pair_tags AFTER DELETE ON key_pair BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'keypair' AND resource_id = OLD.name; END;
CREATE TRIGGER auto_snapshot_policy_tags AFTER DELETE ON auto_snapshot_policy BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'snapshotpolicy' AND resource_id = OLD.id; END;
CREATE TRIGGER snapshot_group_tags AFTER DELETE ON snapshot_group BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'snapshotgroup' AND resource_id = OLD.id; END;
CREATE TRIGGER vpc_tags AFTER DELETE ON vpc BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'VPC' AND resource_id = OLD.id; END;
CREATE TRIGGER vswitch_tags AFTER DELETE ON vswitch BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'VSWITCH' AND resource_id = OLD.id; END;
CREATE TRIGGER eip_tags AFTER DELETE ON eip BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'EIP' AND resource_id = OLD.id; END;
CREATE TRIGGER nat_gateway_tags AFTER DELETE ON nat_gateway BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'NATGATEWAY' AND resource_id = OLD.id; END;
CREATE TRIGGER prefix_list_tags AFTER DELETE ON prefix_list BEGIN DELETE FROM tag
  WHERE account_id = OLD.account_id AND resource_type = 'prefixlist' AND resource_id = OLD.id; END;
