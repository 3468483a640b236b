// WHIP and WHEP as a plain client does them: one POST, no waiting for candidates.
export async function exchange(connection, url) {
  await connection.setLocalDescription(await connection.createOffer());
  const postedAt = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp' },
    body: connection.localDescription.sdp,
  });
  const body = await response.text();
  if (response.status !== 201) throw new Error(`${url}: ${response.status} ${body}`);
  await connection.setRemoteDescription({ type: 'answer', sdp: body });
  return {
    postedAt,
    session: new URL(response.headers.get('Location'), url).href,
    etag: response.headers.get('ETag'),
  };
}

// RFC 9725 section 4.3.2: new credentials go up in a fragment, the relay's come back in one.
export async function restartIce(connection, session) {
  connection.restartIce();
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  const line = (sdp, name) => sdp.match(new RegExp(`^a=${name}:(.*?)\\r?$`, 'm'))?.[1];
  const mid = line(offer.sdp, 'mid');
  const fragment = [
    `a=ice-ufrag:${line(offer.sdp, 'ice-ufrag')}`,
    `a=ice-pwd:${line(offer.sdp, 'ice-pwd')}`,
    `m=${offer.sdp.match(/^m=(.*?)\r?$/m)[1]}`,
    `a=mid:${mid}`,
    '',
  ].join('\r\n');
  const response = await fetch(session, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
    body: fragment,
  });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`PATCH: ${response.status} ${body}`);
  const previous = connection.remoteDescription.sdp;
  const next = previous
    .replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${line(body, 'ice-ufrag')}`)
    .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${line(body, 'ice-pwd')}`);
  await connection.setRemoteDescription({ type: 'answer', sdp: next });
  return {
    status: response.status,
    etag: response.headers.get('ETag'),
    previousUfrag: line(previous, 'ice-ufrag'),
    ufrag: line(body, 'ice-ufrag'),
  };
}

// All statistics as plain objects.
export async function statistics(connection) {
  return [...(await connection.getStats()).values()].map((report) => ({ ...report }));
}

// Whether this side knows that the other is gone: DTLS said goodbye, or ICE heard nothing for too long.
export function ended(connection) {
  const transports = connection.getTransceivers().map(({ sender, receiver }) => sender.transport ?? receiver.transport);
  return connection.connectionState !== 'connected' || transports.some((each) => each?.state === 'closed');
}

// Lets a section have one codec only, and RTX.
export function prefer(transceiver, codec, side = 'receiver') {
  const wanted = [`video/${codec}`.toLowerCase(), 'video/rtx'];
  const { codecs } = (side === 'sender' ? RTCRtpSender : RTCRtpReceiver).getCapabilities('video');
  transceiver.setCodecPreferences(codecs.filter((each) => wanted.includes(each.mimeType.toLowerCase())));
}
