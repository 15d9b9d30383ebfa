socket.on('session-complete', (data) => {
  console.log('Session completed:', data.message);
  // Clean up your UI - socket will be disconnected automatically
  hideQRCode();
  showSuccessMessage();
});

socket.on('disconnect', (reason) => {
  if (reason === 'io server disconnect') {
    console.log('Disconnected by server - session complete');
  }
});
