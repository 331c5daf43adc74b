// SPDX-License-Identifier: GPL-2.0-or-later
// The vendor's ECS client, @alicloud/ecs20140526, which signs with ACS3: an instance's life, and a login
// by SSH that the security group allows or not.
'use strict';

const assert = require('assert/strict');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');
const sdk = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const { run, waitUntil, failure, readyLines } = require('./lib/tap.js');

const { VMMD_ENDPOINT, VMMD_KEY_ID, VMMD_KEY_SECRET, VMMD_IMAGE_ID } = process.env;
const USER_DATA = '#!/bin/sh\necho "user data ran on $(hostname)"\n';
const regionId = 'cn-local';

const makeClient = (accessKeySecret) => new sdk.default(new $OpenApiUtil.Config({
  accessKeyId: VMMD_KEY_ID, accessKeySecret, endpoint: VMMD_ENDPOINT, protocol: 'http', regionId, readTimeout: 30000,
}));
const client = makeClient(VMMD_KEY_SECRET);
const runParams = { regionId, imageId: VMMD_IMAGE_ID, instanceType: 'ecs.t1.nano' };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vmmd-ssh-'));
const keyFile = path.join(folder, 'key');

let id;
let group;

async function instanceOf(instanceId) {
  const reply = await client.describeInstances(new sdk.DescribeInstancesRequest({
    regionId, instanceIds: JSON.stringify([instanceId]),
  }));
  return reply.body.instances.instance[0];
}

const becomes = (status) => waitUntil(`${id} to be ${status}`, 120, async () => {
  const row = await instanceOf(id);
  return row ? row.status === status : status === 'gone';
});

async function consoleOf(instanceId) {
  const reply = await client.getInstanceConsoleOutput(new sdk.GetInstanceConsoleOutputRequest({ regionId, instanceId }));
  return Buffer.from(reply.body.consoleOutput, 'base64').toString().replace(/\r/g, '');
}

const boots = (count) => waitUntil(`boot ${count} of the guest`, 240, async () => {
  const lines = readyLines(await consoleOf(id));
  return lines.length >= count && lines.at(-1);
});

function command(...words) {
  return spawnSync(words[0], words.slice(1), { encoding: 'utf8', timeout: 60000 });
}

// A login from inside the instance's VPC; the standard output, or undefined when there is no way in.
async function login(address) {
  const namespaces = command('ip', 'netns', 'list').stdout.match(/^ecs-v\w+/gm);
  assert.equal(namespaces.length, 1);
  const done = command('ip', 'netns', 'exec', namespaces[0], 'ssh', '-i', keyFile, '-F', 'none', '-o', 'BatchMode=yes',
    '-o', 'ConnectTimeout=4', '-o', 'ConnectionAttempts=1', '-o', 'StrictHostKeyChecking=no',
    '-o', `UserKnownHostsFile=${path.join(folder, 'hosts')}`, '-o', 'LogLevel=ERROR',
    `root@${address}`, 'hostname; cat /run/instance-id');
  if (done.status === 0) return done.stdout;
  assert.match(done.stderr, /timed out/);
  return undefined;
}

async function the_catalogue_is_read() {
  const regions = await client.describeRegions(new sdk.DescribeRegionsRequest({}));
  assert.deepEqual(regions.body.regions.region.map((row) => row.regionId), [regionId]);
  const zones = await client.describeZones(new sdk.DescribeZonesRequest({ regionId }));
  assert.equal(zones.body.zones.zone.length, 1);
  const types = await client.describeInstanceTypes(new sdk.DescribeInstanceTypesRequest({}));
  const nano = types.body.instanceTypes.instanceType.find((row) => row.instanceTypeId === 'ecs.t1.nano');
  assert.equal(nano.cpuCoreCount, 1);
  assert.equal(nano.memorySize, 0.125);
}

async function an_instance_is_run_with_a_key_pair_and_comes_up() {
  assert.equal(command('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', keyFile).status, 0);
  const publicKeyBody = fs.readFileSync(`${keyFile}.pub`, 'utf8').trim();
  await client.importKeyPair(new sdk.ImportKeyPairRequest({ regionId, keyPairName: 'login', publicKeyBody }));
  const reply = await client.runInstances(new sdk.RunInstancesRequest({
    ...runParams, instanceName: 'from-ecs-sdk', hostName: 'ecs-sdk', keyPairName: 'login', clientToken: 'life',
    userData: Buffer.from(USER_DATA).toString('base64'), systemDisk: new sdk.RunInstancesRequestSystemDisk({ size: '3' }),
  }));
  [id] = reply.body.instanceIdSets.instanceIdSet;
  await becomes('Running');
  const row = await instanceOf(id);
  assert.equal(row.keyPairName, 'login');
  assert.equal(row.instanceName, 'from-ecs-sdk');
  [group] = row.securityGroupIds.securityGroupId;
}

async function the_guest_knows_its_name_address_disk_and_user_data() {
  const ready = await boots(1);
  const row = await instanceOf(id);
  const disks = await client.describeDisks(new sdk.DescribeDisksRequest({ regionId, instanceId: id }));
  const [disk] = disks.body.disks.disk;
  assert.equal(ready.host, 'ecs-sdk');
  assert.equal(ready.ip.split('/')[0], row.vpcAttributes.privateIpAddress.ipAddress[0]);
  assert.equal(ready.disks, `[vda:${disk.diskId.slice('d-'.length)}:${disk.size * 1024 ** 3 / 512}]`);
  await waitUntil('the user data to run', 60, async () => (await consoleOf(id)).includes('user data ran on ecs-sdk'));
}

async function a_login_works_only_while_the_security_group_allows_it() {
  const address = (await instanceOf(id)).vpcAttributes.privateIpAddress.ipAddress[0];
  const rule = { regionId, securityGroupId: group, ipProtocol: 'tcp', portRange: '22/22', sourceCidrIp: '0.0.0.0/0' };
  assert.equal(await login(address), undefined);
  await client.authorizeSecurityGroup(new sdk.AuthorizeSecurityGroupRequest(rule));
  const said = await waitUntil('the login to work', 30, () => login(address));
  assert.equal(said, `ecs-sdk\n${id}`);
  const shown = await client.describeSecurityGroupAttribute(new sdk.DescribeSecurityGroupAttributeRequest({
    regionId, securityGroupId: group,
  }));
  assert.deepEqual(shown.body.permissions.permission.filter((row) => row.direction === 'ingress')
    .map((row) => [row.ipProtocol.toLowerCase(), row.portRange, row.sourceCidrIp]), [['tcp', '22/22', '0.0.0.0/0']]);
  await client.revokeSecurityGroup(new sdk.RevokeSecurityGroupRequest(rule));
  await waitUntil('the login to fail again', 30, async () => (await login(address)) === undefined);
}

async function it_is_modified_stopped_started_and_rebooted() {
  await client.modifyInstanceAttribute(new sdk.ModifyInstanceAttributeRequest({ instanceId: id, instanceName: 'renamed' }));
  assert.equal((await instanceOf(id)).instanceName, 'renamed');
  await client.stopInstance(new sdk.StopInstanceRequest({ instanceId: id }));
  await becomes('Stopped');
  await client.startInstance(new sdk.StartInstanceRequest({ instanceId: id }));
  await becomes('Running');
  await boots(2);
  await client.rebootInstance(new sdk.RebootInstanceRequest({ instanceId: id, forceStop: true }));
  assert.equal((await boots(3)).host, 'ecs-sdk');
  await becomes('Running');
}

async function errors_have_code_status_and_request() {
  const request = new sdk.DescribeInstanceAttributeRequest({ instanceId: 'i-00000000000000000000' });
  const error = await failure(client.describeInstanceAttribute(request));
  assert.equal(error.code, 'InvalidInstanceId.NotFound');
  assert.equal(error.statusCode, 404);
  assert.match(error.data.RequestId, /^[0-9A-F-]{36}$/);
  const denied = await failure(makeClient('wrong').describeRegions(new sdk.DescribeRegionsRequest({})));
  assert.equal(denied.code, 'SignatureDoesNotMatch');
  const missing = await failure(client.runInstances(new sdk.RunInstancesRequest({ ...runParams, imageId: undefined })));
  assert.equal(missing.code, 'MissingParameter');
  const tried = await failure(client.runInstances(new sdk.RunInstancesRequest({ ...runParams, dryRun: true })));
  assert.equal(tried.code, 'DryRunOperation');
  const token = await failure(client.runInstances(new sdk.RunInstancesRequest({ ...runParams, clientToken: 'life' })));
  assert.equal(token.code, 'IdempotentParameterMismatch');
}

async function pages_cover_all() {
  const create = (n) => client.createInstance(new sdk.CreateInstanceRequest({ ...runParams, instanceName: `page-${n}` }));
  for (let n = 0; n < 3; n += 1) await create(n);
  const seen = [];
  for (let pageNumber = 1; seen.length < 4; pageNumber += 1) {
    const reply = await client.describeInstances(new sdk.DescribeInstancesRequest({ regionId, pageSize: 3, pageNumber }));
    assert.equal(reply.body.totalCount, 4);
    seen.push(...reply.body.instances.instance.map((row) => row.instanceId));
  }
  assert.equal(new Set(seen).size, 4);
}

async function all_are_deleted() {
  // What is Pending cannot be deleted yet.
  const all = await waitUntil('none to be Pending', 60, async () => {
    const reply = await client.describeInstances(new sdk.DescribeInstancesRequest({ regionId, pageSize: 100 }));
    const rows = reply.body.instances.instance;
    return rows.every((row) => row.status !== 'Pending') && rows.map((row) => row.instanceId);
  });
  await client.deleteInstances(new sdk.DeleteInstancesRequest({ regionId, instanceId: all, force: true }));
  await waitUntil('all to be gone', 120, async () => {
    const rest = await client.describeInstances(new sdk.DescribeInstancesRequest({ regionId }));
    return rest.body.totalCount === 0;
  });
  await client.deleteKeyPairs(new sdk.DeleteKeyPairsRequest({ regionId, keyPairNames: JSON.stringify(['login']) }));
}

process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
run([the_catalogue_is_read, an_instance_is_run_with_a_key_pair_and_comes_up,
  the_guest_knows_its_name_address_disk_and_user_data, a_login_works_only_while_the_security_group_allows_it,
  it_is_modified_stopped_started_and_rebooted, errors_have_code_status_and_request, pages_cover_all, all_are_deleted]);
