// SPDX-License-Identifier: GPL-2.0-or-later
// A VPC of one's own with the vendor's two clients: made, shown, lived in and deleted. What an instance's
// security groups allow is tried by SSH while it runs.
'use strict';

const assert = require('assert/strict');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');
const sdk = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const RPCClient = require('@alicloud/pop-core').RPCClient;
const { run, waitUntil, failure, readyLines } = require('./lib/tap.js');

const { VMMD_ENDPOINT, VMMD_KEY_ID, VMMD_KEY_SECRET, VMMD_IMAGE_ID } = process.env;
const regionId = 'cn-local';
const zoneId = 'cn-local-a';

const makeRpc = (apiVersion) => new RPCClient({
  endpoint: `http://${VMMD_ENDPOINT}`, apiVersion, accessKeyId: VMMD_KEY_ID, accessKeySecret: VMMD_KEY_SECRET,
});
const POST = { method: 'POST', timeout: 30000 };
const rpcs = { ecs: makeRpc('2014-05-26'), vpc: makeRpc('2016-04-28'), location: makeRpc('2015-06-12') };
// The commands below block: what the server closed meanwhile, being idle, must be seen before a connection is used again.
const seeWhatClosed = () => new Promise((resolve) => { setTimeout(resolve, 10); });
async function call(product, action, params = {}) {
  await seeWhatClosed();
  return rpcs[product].request(action, { RegionId: regionId, ...params }, POST);
}
const client = new sdk.default(new $OpenApiUtil.Config({
  accessKeyId: VMMD_KEY_ID, accessKeySecret: VMMD_KEY_SECRET, endpoint: VMMD_ENDPOINT, protocol: 'http', regionId,
  readTimeout: 30000,
}));
// describeVpcs with { vpcId } becomes client.describeVpcs(new sdk.DescribeVpcsRequest({ regionId, vpcId })).
async function ask(method, params = {}) {
  const Request = sdk[`${method[0].toUpperCase()}${method.slice(1)}Request`];
  return (await client[method](new Request({ regionId, ...params }))).body;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vmmd-net-'));
const keyFile = path.join(folder, 'key');
const made = {};
let id;
let address;

function command(...words) {
  return spawnSync(words[0], words.slice(1), { encoding: 'utf8', timeout: 20000 });
}

// Whether a login from inside the instance's VPC gets through to it.
async function isLetIn() {
  const namespaces = command('ip', 'netns', 'list').stdout.match(/^ecs-v\w+/gm);
  assert.equal(namespaces.length, 1);
  const done = command('ip', 'netns', 'exec', namespaces[0], 'ssh', '-i', keyFile, '-F', 'none', '-o', 'BatchMode=yes',
    '-o', 'ConnectTimeout=4', '-o', 'ConnectionAttempts=1', '-o', 'StrictHostKeyChecking=no',
    '-o', `UserKnownHostsFile=${path.join(folder, 'hosts')}`, '-o', 'LogLevel=ERROR', `root@${address}`, 'hostname');
  if (done.status === 0) {
    assert.equal(done.stdout, 'in-vpc\n');
    return true;
  }
  // A login that is cut off in its middle by a change of the rules says nothing any more.
  if (done.error?.code !== 'ETIMEDOUT') assert.match(done.stderr, /timed out/);
  return false;
}

const letsIn = () => waitUntil('the login to work', 30, isLetIn);
const shutsOut = () => waitUntil('the login to fail', 30, async () => !(await isLetIn()));

async function instance() {
  const reply = await ask('describeInstances', { instanceIds: JSON.stringify([id]) });
  return reply.instances.instance[0];
}

async function the_location_service_leads_here() {
  const reply = await call('location', 'DescribeEndpoints', { Id: regionId, ServiceCode: 'vpc', Type: 'openAPI' });
  assert.deepEqual(reply.Endpoints.Endpoint.map((row) => row.Endpoint), [VMMD_ENDPOINT]);
}

async function a_vpc_and_vswitches_are_made() {
  Object.assign(made, await call('vpc', 'CreateVpc', { CidrBlock: '10.7.0.0/16', VpcName: 'shop', Description: 'a & b' }));
  const vswitch = { VpcId: made.VpcId, ZoneId: zoneId, VSwitchName: 'front' };
  made.VSwitchId = (await call('vpc', 'CreateVSwitch', { ...vswitch, CidrBlock: '10.7.1.0/24' })).VSwitchId;
  made.other = (await call('ecs', 'CreateVSwitch', { ...vswitch, CidrBlock: '10.7.2.0/24' })).VSwitchId;
  const overlap = await failure(call('ecs', 'CreateVSwitch', { ...vswitch, CidrBlock: '10.7.2.128/25' }));
  assert.equal(overlap.code, 'InvalidCidrBlock.Overlapped');
  const vpc = await call('vpc', 'DescribeVpcAttribute', { VpcId: made.VpcId });
  assert.deepEqual([vpc.VpcName, vpc.Description, vpc.Status, vpc.VRouterId, vpc.IsDefault],
    ['shop', 'a & b', 'Available', made.VRouterId, false]);
  assert.deepEqual(vpc.VSwitchIds.VSwitchId.sort(), [made.VSwitchId, made.other].sort());
  const one = await call('vpc', 'DescribeVSwitchAttributes', { VSwitchId: made.VSwitchId });
  assert.deepEqual([one.CidrBlock, one.AvailableIpAddressCount, one.RouteTable.RouteTableId],
    ['10.7.1.0/24', 252, made.RouteTableId]);
}

async function both_versions_and_both_clients_show_the_same() {
  for (const action of ['DescribeVpcs', 'DescribeVSwitches', 'DescribeVRouters', 'DescribeRouteTables']) {
    const [ecs, vpc] = [await call('ecs', action), await call('vpc', action)];
    assert.deepEqual({ ...ecs, RequestId: '' }, { ...vpc, RequestId: '' });
  }
  const { vpcs } = await ask('describeVpcs', { vpcId: made.VpcId });
  assert.equal(vpcs.vpc[0].cidrBlock, '10.7.0.0/16');
  const { vSwitches } = await ask('describeVSwitches', { vpcId: made.VpcId });
  assert.equal(vSwitches.vSwitch.length, 2);
  const { VRouters } = await ask('describeVRouters', { VRouterId: made.VRouterId });
  assert.deepEqual(VRouters.VRouter[0].routeTableIds.routeTableId, [made.RouteTableId]);
  const { routeTables } = await ask('describeRouteTables', { routeTableId: made.RouteTableId });
  assert.deepEqual(routeTables.routeTable[0].routeEntrys.routeEntry.map((row) => row.destinationCidrBlock),
    ['10.7.2.0/24', '10.7.1.0/24']);
}

async function its_routes_are_listed() {
  const tables = await call('vpc', 'DescribeRouteTableList', { VpcId: made.VpcId });
  assert.deepEqual(tables.RouterTableList.RouterTableListType.map((row) => row.RouteTableId), [made.RouteTableId]);
  const routes = await call('vpc', 'DescribeRouteEntryList', { RouteTableId: made.RouteTableId });
  assert.deepEqual(routes.RouteEntrys.RouteEntry.map((row) => [row.DestinationCidrBlock, row.Type, row.Status]),
    [['10.7.2.0/24', 'System', 'Available'], ['10.7.1.0/24', 'System', 'Available']]);
  const tags = await call('vpc', 'ListTagResources', { ResourceType: 'VPC', 'ResourceId.1': made.VpcId });
  assert.deepEqual(tags.TagResources.TagResource, []);
}

async function an_instance_with_a_key_made_here_comes_up_in_it() {
  const pair = await ask('createKeyPair', { keyPairName: 'made-here' });
  fs.writeFileSync(keyFile, pair.privateKeyBody, { mode: 0o600 });
  for (const name of ['closed', 'open', 'spare']) {
    made[name] = (await ask('createSecurityGroup', { vpcId: made.VpcId, securityGroupName: name })).securityGroupId;
  }
  await ask('authorizeSecurityGroup', {
    securityGroupId: made.open, ipProtocol: 'tcp', portRange: '22/22', sourceCidrIp: '0.0.0.0/0',
  });
  const reply = await ask('runInstances', {
    imageId: VMMD_IMAGE_ID, instanceType: 'ecs.t1.nano', hostName: 'in-vpc', keyPairName: 'made-here',
    vSwitchId: made.VSwitchId, securityGroupId: made.closed,
  });
  [id] = reply.instanceIdSets.instanceIdSet;
  await waitUntil('the guest to be ready', 240, async () => {
    const { consoleOutput } = await ask('getInstanceConsoleOutput', { instanceId: id });
    return readyLines(Buffer.from(consoleOutput, 'base64').toString().replace(/\r/g, '')).length > 0;
  });
  const row = await instance();
  assert.equal(row.vpcAttributes.vpcId, made.VpcId);
  [address] = row.vpcAttributes.privateIpAddress.ipAddress;
  assert.match(address, /^10\.7\.1\./);
}

async function it_is_reached_while_it_is_in_the_open_group() {
  assert.equal(await isLetIn(), false);
  await ask('joinSecurityGroup', { instanceId: id, securityGroupId: made.open });
  await letsIn();
  await ask('leaveSecurityGroup', { instanceId: id, securityGroupId: made.open });
  await shutsOut();
  const { networkInterfaceSets } = await ask('describeNetworkInterfaces', { instanceId: id });
  const [nic] = networkInterfaceSets.networkInterfaceSet;
  assert.deepEqual([nic.type, nic.status, nic.privateIpAddress], ['Primary', 'InUse', address]);
  await ask('joinSecurityGroup', { networkInterfaceId: nic.networkInterfaceId, securityGroupId: made.open });
  await letsIn();
}

async function its_groups_are_replaced_at_once() {
  await ask('modifyInstanceAttribute', { instanceId: id, securityGroupIds: [made.spare, made.closed] });
  assert.deepEqual((await instance()).securityGroupIds.securityGroupId, [made.spare, made.closed]);
  await shutsOut();
  await ask('modifyInstanceAttribute', { instanceId: id, securityGroupIds: [made.open] });
  await letsIn();
}

async function a_rule_that_is_changed_is_in_force() {
  const shown = await ask('describeSecurityGroupAttribute', { securityGroupId: made.open });
  const rule = { securityGroupId: made.open, securityGroupRuleId: shown.permissions.permission[0].securityGroupRuleId };
  await ask('modifySecurityGroupRule', { ...rule, policy: 'drop' });
  await shutsOut();
  await ask('modifySecurityGroupRule', { ...rule, policy: 'accept' });
  await letsIn();
  await ask('modifySecurityGroupRule', { ...rule, portRange: '23/23' });
  await shutsOut();
}

async function a_prefix_list_lets_in_whom_it_names() {
  const entry = new sdk.CreatePrefixListRequestEntry({ cidr: '10.7.0.0/16', description: 'home' });
  made.list = (await ask('createPrefixList', {
    prefixListName: 'office', addressFamily: 'IPv4', maxEntries: 5, entry: [entry],
  })).prefixListId;
  await ask('authorizeSecurityGroup', {
    securityGroupId: made.open, ipProtocol: 'tcp', portRange: '22/22', sourcePrefixListId: made.list,
    destCidrIp: `${address}/32`,
  });
  await letsIn();
  await ask('modifyPrefixList', {
    prefixListId: made.list, addEntry: [new sdk.ModifyPrefixListRequestAddEntry({ cidr: '192.0.2.0/24' })],
    removeEntry: [new sdk.ModifyPrefixListRequestRemoveEntry({ cidr: '10.7.0.0/16' })],
  });
  await shutsOut();
  const shown = await ask('describePrefixListAttributes', { prefixListId: made.list });
  assert.deepEqual([shown.addressFamily, shown.maxEntries, shown.entries.entry.map((row) => row.cidr)],
    ['IPv4', 5, ['192.0.2.0/24']]);
  const used = await call('ecs', 'DescribePrefixListAssociations', { PrefixListId: made.list });
  assert.deepEqual(used.PrefixListAssociations.PrefixListAssociation.map((row) => row.ResourceId), [made.open]);
  assert.equal((await failure(ask('deletePrefixList', { prefixListId: made.list }))).code, 'NotAllowed.AssociationExist');
  await call('ecs', 'RevokeSecurityGroup', {
    SecurityGroupId: made.open, IpProtocol: 'tcp', PortRange: '22/22', SourcePrefixListId: made.list,
    DestCidrIp: `${address}/32`,
  });
  await ask('deletePrefixList', { prefixListId: made.list });
  assert.equal((await call('ecs', 'DescribePrefixLists')).PrefixLists.PrefixList.length, 0);
}

// Where the VPC sends what is for @to.
function wayTo(to) {
  const [namespace] = command('ip', 'netns', 'list').stdout.match(/^ecs-v\w+/gm);
  return command('ip', 'netns', 'exec', namespace, 'ip', 'route', 'get', to).stdout;
}

async function a_route_leads_to_the_guest_that_it_names() {
  const route = { RouteTableId: made.RouteTableId, DestinationCidrBlock: '10.200.0.0/16' };
  const { RouteEntryId } = await call('vpc', 'CreateRouteEntry', { ...route, NextHopType: 'Instance', NextHopId: id });
  await waitUntil('the route to be there', 30, () => wayTo('10.200.1.1').includes(address));
  const { routeTables } = await ask('describeRouteTables', { routeTableId: made.RouteTableId });
  const [row] = routeTables.routeTable[0].routeEntrys.routeEntry;
  assert.deepEqual([row.destinationCidrBlock, row.type, row.nextHopType, row.instanceId],
    ['10.200.0.0/16', 'Custom', 'Instance', id]);
  const again = await failure(call('ecs', 'CreateRouteEntry', { ...route, NextHopId: id }));
  assert.equal(again.code, 'RouterEntryConflict.Duplicated');
  const held = await failure(ask('deleteInstance', { instanceId: id, force: true }));
  assert.equal(held.code, 'DependencyViolation.RouteEntry');
  await call('vpc', 'DeleteRouteEntry', { RouteEntryId });
  await waitUntil('the route to be gone', 30, () => !wayTo('10.200.1.1').includes(address));
}

async function the_network_gets_ipv6_while_the_guest_runs() {
  await call('vpc', 'ModifyVpcAttribute', { VpcId: made.VpcId, EnableIPv6: true });
  await call('vpc', 'ModifyVSwitchAttribute', { VSwitchId: made.VSwitchId, EnableIPv6: true, Ipv6CidrBlock: 7 });
  const range = (await call('vpc', 'DescribeVSwitches', { VSwitchId: made.VSwitchId })).VSwitches.VSwitch[0].Ipv6CidrBlock;
  const [prefix] = range.split('::/64');
  const { networkInterfaceSets } = await ask('describeNetworkInterfaces', { instanceId: id });
  const [{ networkInterfaceId }] = networkInterfaceSets.networkInterfaceSet;
  const { ipv6Sets } = await ask('assignIpv6Addresses', { networkInterfaceId, ipv6AddressCount: 1 });
  const [own] = ipv6Sets.ipv6Address;
  assert.ok(own.startsWith(prefix), `${own} of ${range}`);
  const [shown] = (await instance()).networkInterfaces.networkInterface;
  assert.deepEqual(shown.ipv6Sets.ipv6Set.map((row) => row.ipv6Address), [own]);
  await waitUntil('the way to the address', 30, () => /dev et0/.test(wayTo(own)));
  await ask('unassignIpv6Addresses', { networkInterfaceId, ipv6Address: [own] });
  await waitUntil('the way to be gone', 30, () => !/dev et0/.test(wayTo(own)));
  await call('vpc', 'ModifyVSwitchAttribute', { VSwitchId: made.VSwitchId, EnableIPv6: false });
  await call('vpc', 'ModifyVpcAttribute', { VpcId: made.VpcId, EnableIPv6: false });
}

async function what_is_needed_is_not_deleted() {
  const codes = [];
  for (const [action, params] of [['DeleteSecurityGroup', { SecurityGroupId: made.open }],
    ['DeleteVSwitch', { VSwitchId: made.VSwitchId }], ['DeleteVpc', { VpcId: made.VpcId }]]) {
    codes.push((await failure(call('ecs', action, params))).code);
  }
  assert.deepEqual(codes, ['DependencyViolation', 'DependencyViolation', 'DependencyViolation.VSwitch']);
}

async function all_is_deleted_in_turn() {
  await ask('deleteInstance', { instanceId: id, force: true });
  await waitUntil('the instance to be gone', 120, async () => !(await instance()));
  for (const VSwitchId of [made.VSwitchId, made.other]) await call('vpc', 'DeleteVSwitch', { VSwitchId });
  assert.equal((await failure(call('vpc', 'DeleteVpc', { VpcId: made.VpcId }))).code, 'DependencyViolation.SecurityGroup');
  for (const name of ['closed', 'open', 'spare']) await ask('deleteSecurityGroup', { securityGroupId: made[name] });
  await call('vpc', 'DeleteVpc', { VpcId: made.VpcId });
  const gone = await failure(call('vpc', 'DescribeVpcAttribute', { VpcId: made.VpcId }));
  assert.equal(gone.code, 'InvalidVpcId.NotFound');
  await waitUntil('its network to be gone', 30, () => !/ecs-v/.test(command('ip', 'netns', 'list').stdout));
}

process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
run([the_location_service_leads_here, a_vpc_and_vswitches_are_made, both_versions_and_both_clients_show_the_same,
  its_routes_are_listed, an_instance_with_a_key_made_here_comes_up_in_it, it_is_reached_while_it_is_in_the_open_group,
  its_groups_are_replaced_at_once, a_rule_that_is_changed_is_in_force, a_prefix_list_lets_in_whom_it_names,
  a_route_leads_to_the_guest_that_it_names, the_network_gets_ipv6_while_the_guest_runs, what_is_needed_is_not_deleted,
  all_is_deleted_in_turn]);
