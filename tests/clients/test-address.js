// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses of a guest that runs, with the vendor's two clients: elastic ones, NAT gateways, interfaces, routes
// and prefix lists. What they do is tried from a namespace behind the host, and from inside the guest by SSH.
'use strict';

const assert = require('assert/strict');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn, spawnSync } = require('child_process');
const sdk = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const RPCClient = require('@alicloud/pop-core').RPCClient;
const { run, waitUntil, failure, readyLines } = require('./lib/tap.js');
const { misfits, keepBodies } = require('./lib/types.js');

const { VMMD_ENDPOINT, VMMD_KEY_ID, VMMD_KEY_SECRET, VMMD_IMAGE_ID } = process.env;
const regionId = 'cn-local';
const OUTSIDE = '192.0.2.2';
const WEB_PORT = 8000;

const POST = { method: 'POST', timeout: 30000 };
const vpcClient = new RPCClient({
  endpoint: `http://${VMMD_ENDPOINT}`, apiVersion: '2016-04-28', accessKeyId: VMMD_KEY_ID, accessKeySecret: VMMD_KEY_SECRET,
});
const call = (action, params = {}) => vpcClient.request(action, { RegionId: regionId, ...params }, POST);
const client = new sdk.default(new $OpenApiUtil.Config({
  accessKeyId: VMMD_KEY_ID, accessKeySecret: VMMD_KEY_SECRET, endpoint: VMMD_ENDPOINT, protocol: 'http', regionId,
  readTimeout: 30000,
}));
keepBodies(client);
// As in test-network.js, and the answer must have the types that the client declares.
async function ask(method, params = {}) {
  const name = `${method[0].toUpperCase()}${method.slice(1)}`;
  const { body } = await client[method](new sdk[`${name}Request`]({ regionId, ...params }));
  assert.deepEqual(misfits(sdk[`${name}ResponseBody`], client.lastBody), []);
  return body;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vmmd-address-'));
const keyFile = path.join(folder, 'key');
const made = {};
let web;

function command(...words) {
  return spawnSync(words[0], words.slice(1), { encoding: 'utf8', timeout: 60000 });
}

function must(...words) {
  const done = command(...words);
  assert.equal(done.status, 0, `${words.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

// A login at an address from a namespace; what the command said, or null when there was no way through.
function login(namespace, address, port, ...words) {
  const done = command('ip', 'netns', 'exec', namespace, 'ssh', '-i', keyFile, '-F', 'none', '-p', String(port),
    '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=4', '-o', 'ConnectionAttempts=1', '-o', 'StrictHostKeyChecking=no',
    '-o', `UserKnownHostsFile=${path.join(folder, 'hosts')}`, '-o', 'LogLevel=ERROR', `root@${address}`, ...words);
  if (done.status === 0) return done.stdout.trim();
  assert.match(done.stderr, /timed out|refused|unreachable|No route/);
  return null;
}

const inside = (...words) => login(made.namespace, made.address, 22, ...words);
// The address under which the guest is seen outside.
const seenAs = () => inside(`timeout 5 wget -q -O - http://${OUTSIDE}:${WEB_PORT}/ || echo nothing`);
const comesTo = (what, probe, wanted) => waitUntil(what, 40, () => probe() === wanted);

async function eip(allocationId) {
  const { eipAddresses } = await ask('describeEipAddresses', { allocationId });
  return eipAddresses.eipAddress[0];
}

const eipIs = (allocationId, status) => waitUntil(`the address to be ${status}`, 60,
  async () => (await eip(allocationId)).status === status);

async function nic() {
  const { networkInterfaceSets } = await ask('describeNetworkInterfaces', { networkInterfaceId: [made.nic] });
  return networkInterfaceSets.networkInterfaceSet[0];
}

function make_outside() {
  must('ip', 'netns', 'add', 'outside');
  must('ip', 'link', 'add', 'uplink0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'outside');
  must('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'uplink0');
  must('ip', 'link', 'set', 'uplink0', 'up');
  must('ip', '-n', 'outside', 'addr', 'add', `${OUTSIDE}/24`, 'dev', 'eth0');
  must('ip', '-n', 'outside', 'link', 'set', 'eth0', 'up');
  must('ip', '-n', 'outside', 'route', 'add', 'default', 'via', '192.0.2.1');
  const program = 'require("http").createServer((request, answer) => '
    + `answer.end(request.socket.remoteAddress.replace("::ffff:", ""))).listen(${WEB_PORT}, "0.0.0.0")`;
  web = spawn('ip', ['netns', 'exec', 'outside', process.execPath, '-e', program], { stdio: 'ignore' });
}

async function a_guest_comes_up_in_a_vpc_of_its_own() {
  make_outside();
  const pair = await ask('createKeyPair', { keyPairName: 'for-addresses' });
  fs.writeFileSync(keyFile, pair.privateKeyBody, { mode: 0o600 });
  Object.assign(made, await call('CreateVpc', { CidrBlock: '10.8.0.0/16' }));
  made.VSwitchId = (await call('CreateVSwitch', {
    VpcId: made.VpcId, ZoneId: 'cn-local-a', CidrBlock: '10.8.1.0/24',
  })).VSwitchId;
  made.group = (await ask('createSecurityGroup', { vpcId: made.VpcId })).securityGroupId;
  await ask('authorizeSecurityGroup', {
    securityGroupId: made.group, ipProtocol: 'tcp', portRange: '22/22', sourceCidrIp: '0.0.0.0/0',
  });
  const reply = await ask('runInstances', {
    imageId: VMMD_IMAGE_ID, instanceType: 'ecs.t1.nano', keyPairName: 'for-addresses', vSwitchId: made.VSwitchId,
    securityGroupId: made.group, privateIpAddress: '10.8.1.10',
  });
  [made.instance] = reply.instanceIdSets.instanceIdSet;
  made.address = '10.8.1.10';
  await waitUntil('the guest to be ready', 240, async () => {
    const { consoleOutput } = await ask('getInstanceConsoleOutput', { instanceId: made.instance });
    return readyLines(Buffer.from(consoleOutput, 'base64').toString().replace(/\r/g, '')).length > 0;
  });
  [made.namespace] = must('ip', 'netns', 'list').match(/^ecs-v\w+/gm);
  await comesTo('the guest to be seen as the host', seenAs, '192.0.2.1');
}

async function an_elastic_address_leads_to_it_and_away_again() {
  const got = await ask('allocateEipAddress', { bandwidth: '8', internetChargeType: 'PayByTraffic' });
  made.eip = got.allocationId;
  made.public = got.eipAddress;
  assert.match(made.public, /^198\.51\.100\.\d+$/);
  assert.equal((await eip(made.eip)).status, 'Available');
  await ask('associateEipAddress', { allocationId: made.eip, instanceId: made.instance });
  await eipIs(made.eip, 'InUse');
  const shown = await eip(made.eip);
  assert.deepEqual([shown.instanceId, shown.instanceType, shown.bandwidth, shown.internetChargeType],
    [made.instance, 'EcsInstance', '8', 'PayByTraffic']);
  const { instances } = await ask('describeInstances', { instanceIds: JSON.stringify([made.instance]) });
  assert.deepEqual([instances.instance[0].eipAddress.ipAddress, instances.instance[0].eipAddress.allocationId],
    [made.public, made.eip]);
  await comesTo('the login from outside', () => login('outside', made.public, 22, 'echo', 'in'), 'in');
  await comesTo('the guest to be seen under its address', seenAs, made.public);
  await ask('modifyEipAddressAttribute', { allocationId: made.eip, bandwidth: '20' });
  assert.equal((await eip(made.eip)).bandwidth, '20');
  assert.equal((await failure(ask('releaseEipAddress', { allocationId: made.eip }))).code, 'IncorrectEipStatus');
  await call('UnassociateEipAddress', { AllocationId: made.eip, InstanceId: made.instance });
  await eipIs(made.eip, 'Available');
  await comesTo('the login from outside to fail', () => login('outside', made.public, 22, 'echo', 'in'), null);
  await comesTo('the guest to be seen as the host', seenAs, '192.0.2.1');
}

async function a_nat_gateway_takes_the_vswitch_out_and_a_port_in() {
  Object.assign(made, await call('CreateNatGateway', { VpcId: made.VpcId, VSwitchId: made.VSwitchId, NatType: 'Enhanced' }));
  const [SnatTableId] = made.SnatTableIds.SnatTableId;
  const [forwardTableId] = made.ForwardTableIds.ForwardTableId;
  await ask('associateEipAddress', { allocationId: made.eip, instanceId: made.NatGatewayId, instanceType: 'Nat' });
  await eipIs(made.eip, 'InUse');
  const { natGateways } = await ask('describeNatGateways', { vpcId: made.VpcId });
  assert.deepEqual(natGateways.natGateway.map((row) => [row.natGatewayId, row.status]), [[made.NatGatewayId, 'Available']]);
  const shown = (await call('DescribeNatGateways', { NatGatewayId: made.NatGatewayId })).NatGateways.NatGateway[0];
  assert.deepEqual(shown.IpLists.IpList.map((row) => row.IpAddress), [made.public]);

  made.snat = (await call('CreateSnatEntry', {
    SnatTableId, SourceVSwitchId: made.VSwitchId, SnatIp: made.public,
  })).SnatEntryId;
  await comesTo('the guest to be seen under the gateway\'s address', seenAs, made.public);
  const snats = (await call('DescribeSnatTableEntries', { SnatTableId })).SnatTableEntries.SnatTableEntry;
  assert.deepEqual(snats.map((row) => [row.SnatEntryId, row.SnatIp, row.SourceCIDR]),
    [[made.snat, made.public, '10.8.1.0/24']]);

  made.forward = (await ask('createForwardEntry', {
    forwardTableId, externalIp: made.public, externalPort: '2222', internalIp: made.address, internalPort: '22',
    ipProtocol: 'TCP',
  })).forwardEntryId;
  await comesTo('the login by the gateway', () => login('outside', made.public, 2222, 'echo', 'in'), 'in');
  assert.equal(login('outside', made.public, 22, 'echo', 'in'), null);
  const { forwardTableEntries } = await ask('describeForwardTableEntries', { forwardTableId });
  assert.deepEqual(forwardTableEntries.forwardTableEntry.map((row) => [row.forwardEntryId, row.externalPort, row.internalIp]),
    [[made.forward, '2222', made.address]]);
  await ask('modifyForwardEntry', { forwardTableId, forwardEntryId: made.forward, externalPort: '2223' });
  await comesTo('the login at the other port', () => login('outside', made.public, 2223, 'echo', 'in'), 'in');

  assert.match((await failure(ask('deleteNatGateway', { natGatewayId: made.NatGatewayId }))).code, /^DependencyViolation\./);
  await ask('deleteForwardEntry', { forwardTableId, forwardEntryId: made.forward });
  await comesTo('the login by the gateway to fail', () => login('outside', made.public, 2223, 'echo', 'in'), null);
  await call('DeleteSnatEntry', { SnatTableId, SnatEntryId: made.snat });
  await ask('unassociateEipAddress', { allocationId: made.eip, instanceId: made.NatGatewayId, instanceType: 'Nat' });
  await eipIs(made.eip, 'Available');
  await ask('deleteNatGateway', { natGatewayId: made.NatGatewayId });
  await ask('releaseEipAddress', { allocationId: made.eip });
  assert.equal((await call('DescribeEipAddresses')).TotalCount, 0);
}

async function an_interface_is_plugged_in_and_taken_out() {
  const reply = await ask('createNetworkInterface', {
    vSwitchId: made.VSwitchId, primaryIpAddress: '10.8.1.20', securityGroupId: made.group, networkInterfaceName: 'second',
  });
  made.nic = reply.networkInterfaceId;
  assert.deepEqual([reply.status, reply.type, reply.privateIpAddress], ['Available', 'Secondary', '10.8.1.20']);
  await ask('attachNetworkInterface', { networkInterfaceId: made.nic, instanceId: made.instance });
  await waitUntil('the interface to be in use', 90, async () => (await nic()).status === 'InUse');
  const found = `grep -l ${reply.macAddress} /sys/class/net/*/address | wc -l`;
  await comesTo('the guest to see it', () => inside(found), '1');
  await ask('assignPrivateIpAddresses', { networkInterfaceId: made.nic, privateIpAddress: ['10.8.1.21'] });
  assert.deepEqual((await nic()).privateIpSets.privateIpSet.map((row) => [row.privateIpAddress, row.primary]),
    [['10.8.1.20', true], ['10.8.1.21', false]]);
  await ask('unassignPrivateIpAddresses', { networkInterfaceId: made.nic, privateIpAddress: ['10.8.1.21'] });
  await ask('modifyNetworkInterfaceAttribute', { networkInterfaceId: made.nic, networkInterfaceName: 'renamed' });
  assert.equal((await nic()).networkInterfaceName, 'renamed');
  assert.equal((await failure(ask('deleteNetworkInterface', { networkInterfaceId: made.nic }))).code,
    'InvalidOperation.InvalidEniState');
  await ask('detachNetworkInterface', { networkInterfaceId: made.nic, instanceId: made.instance });
  await waitUntil('the interface to be free', 90, async () => (await nic()).status === 'Available');
  await comesTo('the guest to have lost it', () => inside(found), '0');
  await ask('deleteNetworkInterface', { networkInterfaceId: made.nic });
  await waitUntil('the interface to be gone', 30, async () => !(await nic()));
}

async function a_route_leads_to_the_guest() {
  const entry = { RouteTableId: made.RouteTableId, DestinationCidrBlock: '10.99.0.0/16' };
  const { RouteEntryId } = await call('CreateRouteEntry', { ...entry, NextHopType: 'Instance', NextHopId: made.instance });
  const inKernel = () => /^10\.99\.0\.0\/16 /m.test(must('ip', '-n', made.namespace, 'route'));
  await comesTo('the route in the kernel', inKernel, true);
  const { routeTables } = await ask('describeRouteTables', { routeTableId: made.RouteTableId });
  const custom = routeTables.routeTable[0].routeEntrys.routeEntry.filter((row) => row.type === 'Custom');
  assert.deepEqual(custom.map((row) => [row.destinationCidrBlock, row.instanceId]), [['10.99.0.0/16', made.instance]]);
  const list = (await call('DescribeRouteEntryList', { RouteTableId: made.RouteTableId, RouteEntryType: 'Custom' }));
  assert.deepEqual(list.RouteEntrys.RouteEntry.map((row) => [row.RouteEntryId, row.NextHops.NextHop[0].NextHopId]),
    [[RouteEntryId, made.instance]]);
  await ask('deleteRouteEntry', { routeTableId: made.RouteTableId, destinationCidrBlock: '10.99.0.0/16', nextHopId: made.instance });
  await comesTo('the route to be gone', inKernel, false);
}

async function a_prefix_list_says_who_may_come_in() {
  await call('AllocateEipAddress', {}).then((got) => Object.assign(made, { eip: got.AllocationId, public: got.EipAddress }));
  await call('AssociateEipAddress', { AllocationId: made.eip, InstanceId: made.instance });
  await eipIs(made.eip, 'InUse');
  const enters = () => login('outside', made.public, 22, 'echo', 'in');
  await comesTo('the login from outside', enters, 'in');
  const { prefixListId } = await ask('createPrefixList', {
    prefixListName: 'friends', addressFamily: 'IPv4', maxEntries: 5, entry: [{ cidr: '10.8.0.0/16' }],
  });
  await ask('revokeSecurityGroup', {
    securityGroupId: made.group, ipProtocol: 'tcp', portRange: '22/22', sourceCidrIp: '0.0.0.0/0',
  });
  const rule = {
    securityGroupId: made.group,
    permissions: [{ ipProtocol: 'TCP', portRange: '22/22', sourcePrefixListId: prefixListId, policy: 'accept' }],
  };
  await ask('authorizeSecurityGroup', rule);
  await comesTo('the login from outside to fail', enters, null);
  await ask('modifyPrefixList', { prefixListId, addEntry: [{ cidr: `${OUTSIDE}/32`, description: 'outside' }] });
  await comesTo('the login from outside', enters, 'in');
  const { entries } = await ask('describePrefixListAttributes', { prefixListId });
  assert.deepEqual(entries.entry.map((row) => row.cidr).sort(), ['10.8.0.0/16', `${OUTSIDE}/32`]);
  const { prefixListAssociations } = await ask('describePrefixListAssociations', { prefixListId });
  assert.deepEqual(prefixListAssociations.prefixListAssociation.map((row) => [row.resourceId, row.resourceType]),
    [[made.group, 'securitygroup']]);
  assert.equal((await failure(ask('deletePrefixList', { prefixListId }))).code, 'NotAllowed.AssociationExist');
  await ask('revokeSecurityGroup', rule);
  await comesTo('the login from outside to fail', enters, null);
  await ask('deletePrefixList', { prefixListId });
  assert.deepEqual((await ask('describePrefixLists', {})).prefixLists.prefixList, []);
}

async function all_goes_with_the_instance() {
  assert.equal((await failure(call('DeleteVpc', { VpcId: made.VpcId }))).code, 'DependencyViolation.VSwitch');
  await ask('deleteInstance', { instanceId: made.instance, force: true });
  await eipIs(made.eip, 'Available');
  await ask('releaseEipAddress', { allocationId: made.eip });
  await waitUntil('the vswitch to be free', 60, async () => {
    try {
      await call('DeleteVSwitch', { VSwitchId: made.VSwitchId });
      return true;
    } catch (error) {
      assert.equal(error.code, 'DependencyViolation');
      return false;
    }
  });
  await ask('deleteSecurityGroup', { securityGroupId: made.group });
  await call('DeleteVpc', { VpcId: made.VpcId });
  await waitUntil('its network to be gone', 30, () => !/ecs-v/.test(must('ip', 'netns', 'list')));
  assert.equal(must('ip', 'route').includes('198.51.100.'), false);
}

process.on('exit', () => {
  if (web) web.kill();
  fs.rmSync(folder, { recursive: true, force: true });
});
run([a_guest_comes_up_in_a_vpc_of_its_own, an_elastic_address_leads_to_it_and_away_again,
  a_nat_gateway_takes_the_vswitch_out_and_a_port_in, an_interface_is_plugged_in_and_taken_out,
  a_route_leads_to_the_guest, a_prefix_list_says_who_may_come_in, all_goes_with_the_instance]);
